// SPDX-License-Identifier: Apache-2.0

// FerretDB on SQLite, on loopback, until the standard input ends, so that it never outlives who started it.
// Prints its URI when it answers.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	port := flag.Int("port", 0, "port to listen on, 0 for a free one")
	data := flag.String("data", "", "directory of the databases")
	flag.Parse()
	if *data == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := serve(*port, *data); err != nil {
		log.Fatal(err)
	}
}

// serve embeds FerretDB; its embeddable package never sends telemetry.
func serve(port int, data string) error {
	directory, err := filepath.Abs(data)
	if err != nil {
		return err
	}
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: fmt.Sprintf("127.0.0.1:%d", port)},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler:   "sqlite",
		SQLiteURL: "file:" + directory + "/",
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		defer stop()
		fmt.Println(server.MongoDBURI())
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	return server.Run(ctx)
}
