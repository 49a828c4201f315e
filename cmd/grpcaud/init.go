package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/initial"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/remote"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

const initHelp = `Init writes a first access matrix for your gRPC services. Each service is in it, and each
method is closed: opening one is your decision, and comments say what to decide.

The services come from .proto files, from folders of them, from a FileDescriptorSet, or
from a running server that has the reflection service. The file is never replaced if it
exists; --out - writes it to standard output.

With --go, it writes the Go code that guards a server and makes clients to standard
output.`

const initExamples = `  grpcaud init proto/
  grpcaud init set.binpb --out deploy/access.yaml
  grpcaud init --addr 127.0.0.1:8080 --plaintext
  grpcaud init --go proto/ > wiring.go`

// initOptions are the flags of the command init.
type initOptions struct {
	connection remote.Connection
	out        string
	code       bool
	timeout    time.Duration
}

func initCommand() *cobra.Command {
	var i initOptions
	cmd := &cobra.Command{
		Use:   "init [file.proto | folder | set.binpb]…",
		Short: "Write a first access matrix for your gRPC services",
		Long:  initHelp, Example: initExamples,
		RunE: func(cmd *cobra.Command, args []string) error { return i.run(cmd, args) },
	}
	i.connection.Flags(cmd, "")
	flags := cmd.Flags()
	flags.StringVar(&i.connection.Addr, "addr", "", "the address of a running server with reflection, such as 127.0.0.1:8080")
	flags.StringVar(&i.out, "out", "access.yaml", "the file to write; - is standard output")
	flags.BoolVar(&i.code, "go", false, "write the Go code of server and clients to standard output, and no file")
	flags.DurationVar(&i.timeout, "timeout", 30*time.Second, "the time limit for asking a server")
	return cmd
}

// run writes the matrix, or the code.
func (i *initOptions) run(cmd *cobra.Command, paths []string) error {
	services, source, err := i.services(cmd, paths)
	if err != nil {
		return err
	}
	switch {
	case i.code:
		code, err := initial.Wiring(services)
		if err != nil {
			return err
		}
		return output.Write(cmd.OutOrStdout(), func(p *output.Page) { p.Printf("%s", code) })
	case i.out == files.Dash:
		return output.Write(cmd.OutOrStdout(), func(p *output.Page) { p.Printf("%s", initial.Matrix(source, services)) })
	}
	if err := writeNew(i.out, initial.Matrix(source, services)); err != nil {
		return err
	}
	return output.Write(cmd.OutOrStdout(), func(p *output.Page) {
		methods := 0
		for _, s := range services {
			methods += len(s.Methods)
		}
		p.Printf("%s: %s with %s, all closed. Its comments say what to decide.\n", output.Printable(i.out), count(len(services), "service"), count(methods, "method"))
		p.Printf("Then: grpcaud check %[1]s; grpcaud dev %[1]s\n", output.ShellWord(i.out))
	})
}

// count returns a number of things: 1 method, 2 methods.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// services returns the gRPC services, and where they are from.
func (i *initOptions) services(cmd *cobra.Command, paths []string) ([]initial.Service, string, error) {
	var services []initial.Service
	var err error
	source := strings.Join(paths, " ")
	switch {
	case i.connection.Addr != "" && len(paths) > 0:
		return nil, "", errors.New("both --addr and files: give one of them")
	case i.connection.Addr != "":
		source = "the server at " + i.connection.Addr
		services, err = i.ask(cmd.Context())
	case len(paths) == 0:
		return nil, "", see(cmd, errors.New("want .proto files, folders of them, a FileDescriptorSet, or --addr of a server with reflection"))
	}
	for _, path := range paths {
		more, err := readServices(path)
		if err != nil {
			return nil, "", err
		}
		services = append(services, more...)
	}
	if err != nil {
		return nil, "", err
	}
	if services, err = initial.Sort(services); err != nil {
		err = fmt.Errorf("%s: %w", source, err)
	}
	return services, source, err
}

// ask asks a server by reflection.
func (i *initOptions) ask(ctx context.Context) ([]initial.Service, error) {
	ctx, cancel := context.WithTimeout(ctx, i.timeout)
	defer cancel()
	opts, err := i.connection.DialOptions()
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(i.connection.Addr, opts...)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	set, err := remote.ReadServices(ctx, conn)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; give .proto files or a descriptor set instead", i.connection.Addr, err)
	}
	return initial.FromDescriptors(set), nil
}

// maxProto is the size of the largest .proto file that is read, in bytes.
const maxProto = 8 << 20

// readServices reads a .proto file, those of a folder, or a set of descriptors.
func readServices(path string) ([]initial.Service, error) {
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return readFolder(path)
	case err != nil && isAddress(path):
		return nil, fmt.Errorf("%w; if it is a running server, write --addr %s", err, path)
	}
	if filepath.Ext(path) == ".proto" {
		return readProto(path)
	}
	set, err := descriptor.Read(path)
	if err != nil {
		return nil, err
	}
	return initial.FromDescriptors(set.Files), nil
}

func readProto(path string) ([]initial.Service, error) {
	text, err := regularfile.Read(path, maxProto)
	if err != nil {
		return nil, err
	}
	return initial.ReadProto(path, string(text))
}

// isAddress reports whether a text may be the address of a server.
func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	_, notANumber := strconv.ParseUint(port, 10, 16)
	return err == nil && notANumber == nil
}

// readFolder reads the .proto files in a folder and below. Hidden folders are not read, and
// no link in it to another folder is followed.
func readFolder(folder string) ([]initial.Service, error) {
	var all []initial.Service
	found := false
	root := folder + string(filepath.Separator) // the folder itself may be a link
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".proto":
			return nil
		}
		found = true
		services, err := readProto(path)
		all = append(all, services...)
		return err
	})
	if err == nil && !found {
		err = fmt.Errorf("%s: no gRPC service in it, since there is no .proto file in it or below", folder)
	}
	return all, err
}

// writeNew writes a file that does not exist yet.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists, and is left as it is: name another file with --out, or - for standard output", path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
