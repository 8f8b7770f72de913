package seal

import "testing"

func TestIsPrivate(t *testing.T) {
	t.Parallel()
	for mode, want := range map[uint32]struct{ ours, givenByRoot, inContainer bool }{
		0o600: {true, true, true},
		0o400: {true, true, true},
		0o440: {false, true, true},
		0o640: {false, true, true},
		0o444: {false, false, true},
		0o644: {false, false, true},
		0o660: {false, false, false},
		0o646: {false, false, false},
		0o404: {false, false, false},
		0o450: {false, false, false},
	} {
		got := struct{ ours, givenByRoot, inContainer bool }{
			ours:        placement{}.isPrivate(mode),
			givenByRoot: placement{isGivenByRoot: true}.isPrivate(mode),
			inContainer: placement{isInContainer: true}.isPrivate(mode),
		}
		if got != want {
			t.Errorf("%o: got %+v, want %+v", mode, got, want)
		}
	}
}
