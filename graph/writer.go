package graph

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/authtickets/authtickets/models"
)

// Methods that append the value of a field.

func (w *writer) texts(texts []string) {
	w.json = append(w.json, '[')
	for i, text := range texts {
		if i > 0 {
			w.json = append(w.json, ',')
		}
		w.text(text)
	}
	w.json = append(w.json, ']')
}

func (w *writer) text(text string) {
	w.json, _ = jsontext.AppendQuote(w.json, text) // invalid UTF-8 becomes U+FFFD
}

func (w *writer) optionalText(text *string) {
	if text == nil {
		w.null()
		return
	}
	w.text(*text)
}

func (w *writer) dateTime(at time.Time) { w.json = appendDateTime(w.json, at) }

func (w *writer) optionalDateTime(at *time.Time) {
	if at == nil {
		w.null()
		return
	}
	w.dateTime(*at)
}

func (w *writer) seconds(duration time.Duration) { w.json = appendSeconds(w.json, duration) }

func (w *writer) optionalNumber(number *int64) {
	if number == nil {
		w.null()
		return
	}
	w.json = strconv.AppendInt(w.json, *number, 10)
}

func (w *writer) id(id models.ID) { w.json = appendID(w.json, id) }

func (w *writer) optionalID(id *models.ID) {
	if id == nil {
		w.null()
		return
	}
	w.id(*id)
}

func (w *writer) boolean(value bool) { w.json = strconv.AppendBool(w.json, value) }

func (w *writer) null() { w.json = append(w.json, "null"...) }
