package gqlhttp

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/authtickets/authtickets/models"
)

// faults are the faults that a request asks for. The zero value asks for none.
type faults struct {
	drop, busy, rotate bool
	delay, shift       time.Duration
	// end is the reason with which the session ends. If it is empty, the session does not end.
	end models.Reason
}

// faultsOf returns the faults of a request, or refuses its header.
func (e *Endpoint) faultsOf(r *http.Request) (faults, *refusal) {
	if e.settings.Faults == nil {
		return faults{}, nil
	}
	text := strings.TrimSpace(strings.Join(r.Header[FaultHeader], ","))
	if text == "" {
		return faults{}, nil
	}
	injected, wrong := parseFaults(text, e.settings.Deadline)
	if wrong != "" {
		return faults{}, refuse(http.StatusBadRequest, wrong)
	}
	e.settings.Log.InfoContext(r.Context(), "faults on request", "faults", text)
	return injected, nil
}

// parseFaults reads a list of faults. If it cannot, wrong is a message for the client.
func parseFaults(text string, longestDelay time.Duration) (injected faults, wrong string) {
	var names []string
	for item := range strings.SplitSeq(text, ",") {
		name, value, hasValue := strings.Cut(strings.TrimSpace(item), "=")
		if slices.Contains(names, name) {
			return faults{}, "The header x-fault names a fault twice."
		}
		names = append(names, name)

		isValid := !hasValue
		switch name {
		case "drop":
			injected.drop = true
		case "busy":
			injected.busy = true
		case "rotate":
			injected.rotate = true
		case "delay":
			injected.delay, isValid = parseDuration(value, 0, longestDelay)
		case "shift":
			injected.shift, isValid = parseDuration(value, -longestShift, longestShift)
		case "end":
			injected.end = models.ReasonEndedByOperator
			if hasValue {
				injected.end = models.Reason(value)
			}
			isValid = slices.Contains(endReasons(), injected.end)
		default:
			return faults{}, "The header x-fault names an unknown fault. The faults are " +
				"drop, delay=2s, busy, shift=-2h, end, end=REASON and rotate, separated by commas."
		}
		if !isValid {
			return faults{}, faultMessage(name, longestDelay)
		}
	}
	return injected, ""
}

func parseDuration(text string, least, most time.Duration) (duration time.Duration, isValid bool) {
	duration, err := time.ParseDuration(text)
	return duration, err == nil && duration >= least && duration <= most
}

// faultMessage returns a message about a fault whose value is not valid.
func faultMessage(name string, longestDelay time.Duration) string {
	switch name {
	case "delay":
		return "The header x-fault needs a duration for delay, such as delay=2s, of at most " +
			longestDelay.String() + "."
	case "shift":
		return "The header x-fault needs a duration for shift, such as shift=-2h or shift=20m, of at most " +
			longestShift.String() + "."
	case "end":
		reasons := make([]string, 0, len(endReasons()))
		for _, reason := range endReasons() {
			reasons = append(reasons, string(reason))
		}
		return "The header x-fault can end a session for one of these reasons: " + strings.Join(reasons, ", ") + "."
	default:
		return "The header x-fault has a value for a fault that takes none: " + name + "."
	}
}
