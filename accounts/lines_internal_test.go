package accounts

import (
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
)

// The index remembers what was added first for each account and key, in any order.
func TestFileIndex(t *testing.T) {
	t.Parallel()
	index := newFileIndex()
	random := rand.New(rand.NewPCG(1, 2))
	firstRows := map[int64]firstRow{}
	lines := map[key]int{}

	for line := 1; line <= 50_000; line++ {
		id := random.Int64N(80_000)
		if line%10 == 0 {
			id = random.Int64()
		}
		added := firstRow{line: line, lacksExternalID: random.IntN(2) == 0}
		index.accounts.add(id, added)
		if _, ok := firstRows[id]; !ok {
			firstRows[id] = added
		}

		k := key{keyKind(random.IntN(3)), strconv.Itoa(random.IntN(40_000))}
		index.keys.add(k, line)
		if _, ok := lines[k]; !ok {
			lines[k] = line
		}
	}

	for id := range int64(81_000) {
		if got := index.firstRow(id); got != firstRows[id] {
			t.Fatalf("account %d: %+v, want %+v", id, got, firstRows[id])
		}
	}
	for id, want := range firstRows {
		if got := index.firstRow(id); got != want {
			t.Fatalf("account %d: %+v, want %+v", id, got, want)
		}
	}
	for text := range 41_000 {
		for kind := range keyKind(3) {
			k := key{kind, strconv.Itoa(text)}
			if got := index.line(k); got != lines[k] {
				t.Fatalf("%+v: line %d, want %d", k, got, lines[k])
			}
		}
	}

	if nobody := (*fileIndex)(nil); nobody.line(key{}) != 0 || nobody.firstRow(1) != (firstRow{}) {
		t.Error("a nil index has rows")
	}
}

func TestFileIndexOfAHugeFile(t *testing.T) {
	t.Parallel()
	index := newFileIndex()
	index.accounts.add(1, firstRow{line: math.MaxUint32 + 7})
	if got := index.firstRow(1).line; got != math.MaxUint32 {
		t.Errorf("line %d", got)
	}
}

func TestFileIndexTakesLittleMemory(t *testing.T) { //nolint:paralleltest // other tests take memory too
	const rows = 300_000
	inOrder := func(i int) int64 { return int64(i) }
	shuffled := rand.New(rand.NewPCG(1, 2)).Perm(10 * rows)
	for name, test := range map[string]struct {
		add  func(index *fileIndex, i int)
		most float64
	}{
		"new accounts": {func(x *fileIndex, i int) { x.accounts.add(inOrder(i), firstRow{line: i + 1}) }, 8},
		"every tenth, in random order": {func(x *fileIndex, i int) {
			x.accounts.add(int64(shuffled[i]), firstRow{line: i + 1})
		}, 9},
		"keys": {func(x *fileIndex, i int) { x.keys.add(key{text: strconv.Itoa(i)}, i+1) }, 16},
	} {
		var before, after runtime.MemStats

		runtime.GC()
		runtime.ReadMemStats(&before)
		index := newFileIndex()
		for i := range rows {
			test.add(index, i)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		each := float64(after.HeapAlloc-before.HeapAlloc) / rows
		if each > test.most {
			t.Errorf("%s: %.1f bytes each", name, each)
		}
		runtime.KeepAlive(index)
	}
}
