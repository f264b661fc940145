// Server-sent events with nothing but Go's standard library.
package main

import (
	"context"
	"crypto/tls"
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
	port, threads, topics, silent, size, burst int
	rate, heartbeat                            float64
	certificate, key, ticketKeys               string
	http2                                      bool
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
	flag.IntVar(&o.silent, "silent", 0, "further topics, to which nothing is published")
	flag.Float64Var(&o.rate, "rate", 0, "events a second, all topics together; 0: none")
	flag.IntVar(&o.size, "size", 128, "bytes of an event's payload")
	flag.IntVar(&o.burst, "burst", 1, "events published at once")
	flag.Float64Var(&o.heartbeat, "heartbeat", 15, "seconds between heartbeats")
	flag.StringVar(&o.certificate, "certificate", "", "a file in PEM; with it, all is by TLS")
	flag.StringVar(&o.key, "key", "", "its key, a file in PEM")
	flag.StringVar(&o.ticketKeys, "ticket-keys", "", "a file whose first 32 bytes are the key of tickets")
	flag.BoolVar(&o.http2, "http2", false, "streams come by HTTP/2, which needs TLS")
	flag.Parse()
	check(flag.NArg() == 0, "unexpected argument: "+flag.Arg(0))
	check(o.port >= 0 && o.port <= 65535, "--port must be 0 to 65535")
	check(o.threads > 0 && o.topics > 0 && o.burst > 0 && o.silent >= 0, "--threads, --topics and --burst must be positive")
	check(o.rate >= 0 && o.rate <= 1e9, "--rate must be 0 to 1e9")
	check(o.size >= 0, "--size must not be negative")
	check(o.heartbeat >= 1e-3 && o.heartbeat <= 1e6, "--heartbeat must be 0.001 to 1e6")
	check((o.certificate == "") == (o.key == ""), "--certificate and --key need each other")
	return o
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

// The standard library speaks HTTP/2 by TLS alone, and then to all clients that offer it.
func (o options) serve(server *http.Server, listener net.Listener) error {
	if o.certificate == "" {
		return server.Serve(listener)
	}
	server.TLSConfig = &tls.Config{}
	if o.ticketKeys != "" {
		keys, err := os.ReadFile(o.ticketKeys)
		if err != nil || len(keys) < 32 {
			return fmt.Errorf("no keys for tickets in %s", o.ticketKeys)
		}
		server.TLSConfig.SetSessionTicketKeys([][32]byte{*(*[32]byte)(keys)})
	}
	return server.ServeTLS(listener, o.certificate, o.key)
}

func main() {
	o := parseOptions()
	if o.http2 && o.certificate == "" {
		fmt.Println("skipped: Go's standard library speaks HTTP/2 by TLS alone")
		os.Exit(77)
	}
	runtime.GOMAXPROCS(o.threads)
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", o.port))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	broker := newBroker(o.topics+o.silent, time.Duration(o.heartbeat*float64(time.Second)))
	server := http.Server{Handler: broker}
	go func() {
		if err := o.serve(&server, listener); err != http.ErrServerClosed {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}()
	fmt.Printf("listening on %d\n", listener.Addr().(*net.TCPAddr).Port)

	p := publisher{topics: broker.topics[:o.topics], rate: o.rate, size: o.size, burst: o.burst}
	p.run(ctx)
	server.Close()
	fmt.Println(p.report())
}
