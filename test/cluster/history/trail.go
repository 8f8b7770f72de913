package history

import (
	"fmt"
	"strings"
	"time"
)

// trail lists the operations on a session around a point in time, one per line.
func trail(operations []Operation, around time.Duration) string {
	const before, after = 9, 3

	at := 0
	for at < len(operations) && operations[at].Call <= around {
		at++
	}

	var text strings.Builder
	for _, o := range operations[max(0, at-before):min(len(operations), at+after)] {
		fmt.Fprintf(&text, "    %s-%s server %d: %s of generation %d: %s\n",
			seconds(o.Call), returned(o), o.Server+1, o.Kind, o.Generation, o.outcome())
	}

	return text.String()
}

func (o Operation) outcome() string {
	switch {
	case o.Unanswered:
		return "no answer"
	case o.Answer.Refused != "":
		return o.Answer.Refused
	case o.Kind == Refresh:
		return "ticket"
	case o.Kind == Claim:
		return o.Answer.Claim
	case o.Kind == SignOut || o.Kind == Everywhere || o.Kind == End:
		return fmt.Sprintf("ended %d", o.Answer.SessionsEnded)
	default:
		return "done"
	}
}

func returned(o Operation) string {
	if o.Unanswered {
		return "?"
	}
	return seconds(o.Return)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3fs", d.Seconds()) }
