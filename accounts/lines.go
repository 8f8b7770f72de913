package accounts

import (
	"hash/maphash"
	"math"
	"slices"
)

// fileIndex remembers which accounts the rows of an import were about. Files can have millions of
// rows, so it is compact. An account takes about 7 bytes, and a key in a dry run 15.
type fileIndex struct {
	accounts accountLines
	// keys has the keys that a dry run has given to accounts. The database does not keep them.
	keys keyLines
}

func newFileIndex() *fileIndex {
	return &fileIndex{accountLines{}, keyLines{seed: maphash.MakeSeed()}}
}

// firstRow returns the first row about an account. A nil index has no rows.
func (x *fileIndex) firstRow(accountID int64) firstRow {
	if x == nil {
		return firstRow{}
	}
	return x.accounts.firstRow(accountID)
}

// line looks for the account to which a dry run has given a key. It returns the line of the first
// row about the account; 0 if there is no such account.
func (x *fileIndex) line(k key) int {
	if x == nil {
		return 0
	}
	return x.keys.line(k)
}

// accountLines has the first row about each account, in pages of accounts with similar ids.
type accountLines map[int64]*accountPage

// accountPage has the last 12 bits of account ids in ascending order. New accounts come in that
// order, too, so they are appended.
type accountPage struct {
	ids   []uint16 // the lowest bit is 1 if the row lacks the external id
	lines []uint32
}

const pageBits = 12

func (a accountLines) firstRow(accountID int64) firstRow {
	page := a[accountID>>pageBits]
	if page == nil {
		return firstRow{}
	}

	i, found := page.search(accountID)
	if !found {
		return firstRow{}
	}
	return firstRow{line: int(page.lines[i]), lacksExternalID: page.ids[i]&1 == 1}
}

// add adds the first row about an account. It does nothing if there is one already.
func (a accountLines) add(accountID int64, first firstRow) {
	page := a[accountID>>pageBits]
	if page == nil {
		page = &accountPage{}
		a[accountID>>pageBits] = page
	}

	i, found := page.search(accountID)
	if found {
		return
	}

	id := idOnPage(accountID)
	if first.lacksExternalID {
		id |= 1
	}
	page.ids = slices.Insert(page.ids, i, id)
	page.lines = slices.Insert(page.lines, i, shortLine(first.line))
}

func (p *accountPage) search(accountID int64) (int, bool) {
	return slices.BinarySearchFunc(p.ids, idOnPage(accountID), func(a, b uint16) int {
		return int(a>>1) - int(b>>1)
	})
}

func idOnPage(accountID int64) uint16 { return uint16(accountID&(1<<pageBits-1)) << 1 }

// shortLine returns a line in 32 bits. The index would not fit in memory for a file with more
// lines.
func shortLine(line int) uint32 {
	return uint32(min(line, math.MaxUint32)) //nolint:gosec // it fits
}

// keyLines is a hash table with open addressing. It stores a hash of 64 bits for each key, with a
// random seed. If two keys have the same hash, the later row is refused by mistake. With three
// million keys, that happens once in four million dry runs.
type keyLines struct {
	seed   maphash.Seed
	shards [256]keyShard // each grows on its own, so that little is copied at a time
}

type keyShard struct {
	hashes []uint64 // 0 for a free place
	lines  []uint32
	used   int
}

func (l *keyLines) line(k key) int {
	shard, hash := l.shard(k)
	if shard.used == 0 {
		return 0
	}
	return int(shard.lines[shard.place(hash)])
}

// add adds a key. It does nothing if the key is there already.
func (l *keyLines) add(k key, line int) {
	shard, hash := l.shard(k)
	if shard.used*8 >= len(shard.hashes)*7 {
		shard.grow()
	}
	shard.add(hash, shortLine(line))
}

func (l *keyLines) shard(k key) (shard *keyShard, hash uint64) {
	hash = maphash.Comparable(l.seed, k)

	return &l.shards[hash>>56], max(hash, 1)
}

// place returns the place of a hash, or a free place for it.
func (s *keyShard) place(hash uint64) int {
	size := uint64(len(s.hashes))
	for i := hash & math.MaxUint32 * size >> 32; ; i = (i + 1) % size {
		if s.hashes[i] == 0 || s.hashes[i] == hash {
			return int(i)
		}
	}
}

func (s *keyShard) add(hash uint64, line uint32) {
	if i := s.place(hash); s.hashes[i] == 0 {
		s.hashes[i], s.lines[i] = hash, line
		s.used++
	}
}

// grow adds an eighth of the places.
func (s *keyShard) grow() {
	before := *s

	size := len(before.hashes)*9/8 + 16
	*s = keyShard{hashes: make([]uint64, size), lines: make([]uint32, size)}
	for i, hash := range before.hashes {
		if hash != 0 {
			s.add(hash, before.lines[i])
		}
	}
}
