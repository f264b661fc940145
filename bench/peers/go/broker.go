package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// As many events wait for a subscriber that does not keep up; it loses what comes then.
const slots = 16

type topic struct {
	mutex       sync.Mutex
	subscribers map[chan []byte]struct{}
}

func (t *topic) subscribe() chan []byte {
	events := make(chan []byte, slots)
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.subscribers[events] = struct{}{}
	return events
}

func (t *topic) unsubscribe(events chan []byte) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	delete(t.subscribers, events)
}

// publish returns how many subscribers had no room for the event.
func (t *topic) publish(id int, payload []byte) (dropped int) {
	event := fmt.Appendf(nil, "data: %s\nid: %d\n\n", payload, id)
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for events := range t.subscribers {
		select {
		case events <- event:
		default:
			dropped++
		}
	}
	return dropped
}

// A broker serves its topics as streams at /t/0, /t/1 and so on.
type broker struct {
	topics    []topic
	heartbeat time.Duration
}

func newBroker(topics int, heartbeat time.Duration) *broker {
	b := &broker{topics: make([]topic, topics), heartbeat: heartbeat}
	for i := range b.topics {
		b.topics[i].subscribers = make(map[chan []byte]struct{})
	}
	return b
}

func (b *broker) find(path string) *topic {
	number, err := strconv.Atoi(strings.TrimPrefix(path, "/t/"))
	if err != nil || number < 0 || number >= len(b.topics) {
		return nil
	}
	return &b.topics[number]
}

func (b *broker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	topic := b.find(r.URL.Path)
	flusher, streams := w.(http.Flusher)
	if topic == nil || !streams {
		http.NotFound(w, r)
		return
	}
	events := topic.subscribe()
	defer topic.unsubscribe(events)
	heartbeat := time.NewTicker(b.heartbeat)
	defer heartbeat.Stop()

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	flusher.Flush()
	for {
		var err error
		select {
		case event := <-events:
			_, err = w.Write(event)
		case <-heartbeat.C:
			_, err = io.WriteString(w, ":\n\n")
		case <-r.Context().Done():
			return
		}
		if err != nil {
			return
		}
		flusher.Flush()
	}
}
