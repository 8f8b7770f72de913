package test_test

import (
	"bytes"
	"strings"
	"sync"
)

// log keeps what was logged.
type log struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *log) Write(record []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(record)
}

func (l *log) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

func (l *log) clear() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.text.Reset()
}

// count returns how many records have a message.
func (l *log) count(message string) int { return strings.Count(l.String(), `"msg":"`+message+`"`) }
