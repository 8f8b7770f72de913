package tickets

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// However many names and sources are made up, the memory for their guesses is bounded, and who has guessed last is not forgotten for them.
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
	all, err := newGuesses(DefaultPolicy())
	if err != nil {
		t.Fatal(err)
	}
	wrong := func(name, source string) error {
		guess, err := all.begin(t.Context(), name, source, noon)
		if err == nil {
			guess.wrong()
		}
		return err
	}
	const count = 200_000
	for i := range count {
		if err := wrong(fmt.Sprint("name ", i), fmt.Sprint("source ", i)); err != nil {
			t.Fatal(err)
		}
	}
	for range all.policy.GuessesPerSource {
		if err := wrong("ada", "last"); err != nil {
			t.Fatal(err)
		}
	}
	if err := wrong("ada", "last"); err == nil {
		t.Error("the last source need not wait")
	}
	if grown := heap() - before; grown > 48<<20 {
		t.Errorf("%d made-up guesses take %d MiB", count, grown>>20)
	}
	runtime.KeepAlive(all)
}
