package tickets

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// Guesses with made-up names and sources take little memory, no matter how many there are.
func TestGuessesTakeLittleMemory(t *testing.T) { //nolint:paralleltest // it measures the heap
	heap := func() int64 {
		for range 3 {
			runtime.GC()
			time.Sleep(20 * time.Millisecond)
		}
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		return int64(memory.HeapAlloc)
	}
	before := heap()
	policy, all := testPolicy(), newLanes()
	bySource, err := newCounter(policy.GuessesOfSource, policy.GuessWindow)
	if err != nil {
		t.Fatal(err)
	}

	const count = 200_000
	for i := range count {
		source := fmt.Sprint("source ", i)
		end, err := all.enter(t.Context(), fmt.Sprint("name ", i), source)
		if err != nil {
			t.Fatal(err)
		}
		bySource.reserve(source, noon)
		end()
	}
	for range policy.GuessesOfSource {
		bySource.reserve("last", noon)
	}
	for i := range 3 * sourcesRemembered { // right passwords leave no count
		source := fmt.Sprint("other ", i)
		bySource.reserve(source, noon)
		bySource.release(source)
	}
	if _, wait := bySource.reserve("last", noon); wait == 0 {
		t.Error("a source at its limit need not wait")
	}
	if grown := heap() - before; grown > 32<<20 {
		t.Errorf("%d made-up guesses take %d MiB", count, grown>>20)
	}
	if len(all.open) > 0 {
		t.Errorf("%d lanes are still open", len(all.open))
	}
	runtime.KeepAlive(all)
	runtime.KeepAlive(bySource)
}

// Guesses that come at once wait for their turn, and give up when their context ends.
func TestLanes(t *testing.T) {
	t.Parallel()
	all := newLanes()
	var ends []func()
	for i := range atOncePerName {
		end, err := all.enter(t.Context(), "ada", fmt.Sprint("source ", i))
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, end)
	}
	for _, source := range []string{"source 0", "another"} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if _, err := all.enter(ctx, "ada", source); err == nil {
			t.Errorf("%s did not wait", source)
		}
		cancel()
	}
	if end, err := all.enter(t.Context(), "bob", "source 0"); err != nil {
		t.Error(err)
	} else {
		end()
	}
	for _, end := range ends {
		end()
	}
	if end, err := all.enter(t.Context(), "ada", "another"); err != nil {
		t.Error(err)
	} else {
		end()
	}
	if len(all.open) > 0 {
		t.Errorf("%d lanes are still open", len(all.open))
	}
}

// The answer comes after a whole number of steps, no matter how long the check took.
func TestDelay(t *testing.T) {
	t.Parallel()
	const step = 500 * time.Millisecond
	for _, took := range []time.Duration{0, time.Millisecond, step - time.Millisecond, step, step + step/2} {
		want := took.Truncate(step) + step
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			elapsed := func() time.Duration { return time.Since(begin) }
			g := &guard{policy: Policy{RefusalStep: step}, clocks: &clocks{elapsed: elapsed}}
			time.Sleep(took)
			g.delay(t.Context(), 0, tooMany(time.Minute))
			if got := time.Since(begin); got != want {
				t.Errorf("a check that took %s is answered after %s", took, got)
			}
		})
	}
}
