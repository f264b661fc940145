package main

import (
	"bytes"
	"context"
	"fmt"
	"sort"
	"syscall"
	"time"
	"unsafe"
)

const clockMonotonic = 1

// The clock that the client reads too. Go shows only differences of it.
var (
	started   = time.Now()
	startedAt = func() int64 {
		var now syscall.Timespec
		syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0)
		return now.Nano()
	}()
)

func monotonic() int64 { return startedAt + int64(time.Since(started)) }

type publisher struct {
	topics    []topic
	rate      float64
	size      int
	burst     int
	published int
	dropped   int
	took      [1 << 16]time.Duration // the latest calls
}

func (p *publisher) payload(n int) []byte {
	text := fmt.Appendf(make([]byte, 0, p.size), "n=%d t=%d", n, monotonic())
	if len(text) < p.size {
		text = append(text, ' ')
	}
	return append(text, bytes.Repeat([]byte{'x'}, p.size-min(len(text), p.size))...)
}

func (p *publisher) publish() {
	payload := p.payload(p.published / len(p.topics))
	began := time.Now()
	p.dropped += p.topics[p.published%len(p.topics)].publish(p.published, payload)
	p.took[p.published%len(p.took)] = time.Since(began)
	p.published++
}

func (p *publisher) run(ctx context.Context) {
	if p.rate == 0 {
		<-ctx.Done()
		return
	}
	interval := time.Duration(float64(p.burst) / p.rate * float64(time.Second))
	due := time.Now()
	timer := time.NewTimer(0)
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		for i := 0; i < p.burst; i++ {
			p.publish()
		}
		due = due.Add(interval)
		if time.Since(due) > time.Second {
			due = time.Now()
		}
		timer.Reset(time.Until(due))
	}
}

func (p *publisher) report() string {
	took := p.took[:min(p.published, len(p.took))]
	if len(took) == 0 {
		return fmt.Sprintf(`{"published": %d, "dropped": %d}`, p.published, p.dropped)
	}
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	return fmt.Sprintf(`{"published": %d, "publish_ns": {"p50": %d, "p99": %d}, "dropped": %d}`,
		p.published, took[len(took)/2], took[len(took)*99/100], p.dropped)
}
