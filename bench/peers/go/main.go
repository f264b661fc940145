// Server-sent events with nothing but Go's standard library.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

type options struct {
	port, threads, topics, size, burst int
	rate, heartbeat                    float64
}

func check(right bool, message string) {
	if !right {
		fmt.Fprintln(os.Stderr, message)
		os.Exit(2)
	}
}

func parseOptions() (o options) {
	flag.IntVar(&o.port, "port", 0, "port to listen on at 127.0.0.1; 0: any free one")
	flag.IntVar(&o.threads, "threads", 1, "threads that run Go code (GOMAXPROCS)")
	flag.IntVar(&o.topics, "topics", 1, "number of topics, /t/0 and so on")
	flag.Float64Var(&o.rate, "rate", 0, "events a second, all topics together; 0: none")
	flag.IntVar(&o.size, "size", 128, "bytes of an event's payload")
	flag.IntVar(&o.burst, "burst", 1, "events published at once")
	flag.Float64Var(&o.heartbeat, "heartbeat", 15, "seconds between heartbeats")
	flag.Parse()
	check(flag.NArg() == 0, "unexpected argument: "+flag.Arg(0))
	check(o.port >= 0 && o.port <= 65535, "--port must be 0 to 65535")
	check(o.threads > 0 && o.topics > 0 && o.burst > 0, "--threads, --topics and --burst must be positive")
	check(o.rate >= 0 && o.rate <= 1e9, "--rate must be 0 to 1e9")
	check(o.size >= 0, "--size must not be negative")
	check(o.heartbeat >= 1e-3 && o.heartbeat <= 1e6, "--heartbeat must be 0.001 to 1e6")
	return o
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func main() {
	o := parseOptions()
	runtime.GOMAXPROCS(o.threads)
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", o.port))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	broker := newBroker(o.topics, time.Duration(o.heartbeat*float64(time.Second)))
	server := http.Server{Handler: broker}
	go server.Serve(listener)
	fmt.Printf("listening on %d\n", listener.Addr().(*net.TCPAddr).Port)

	p := publisher{broker: broker, rate: o.rate, size: o.size, burst: o.burst}
	p.run(ctx)
	server.Close()
	fmt.Println(p.report())
}
