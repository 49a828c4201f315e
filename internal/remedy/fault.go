package remedy

import (
	"fmt"
	"net/url"

	"github.com/grpcaud/grpcaud/internal/loopback"
)

// Fault is why there was no answer, or why it could not be used.
type Fault int

// These are the faults; the zero value means that the fault is not known.
const (
	HostUnknown        Fault = iota + 1 // the name has no address
	Unreachable                         // no server listens there, or it closes the connection
	TimedOut                            // no answer came in time
	CertificateUnknown                  // no trusted authority has signed the certificate
	CertificateOther                    // the certificate is for another host, or has expired
	NotTLS                              // the server does not use TLS
	OtherIssuer                         // the metadata names another issuer
	FileMissing                         // the file with the keys cannot be read
)

// ofFault returns the remedy if there was no answer, or one that cannot be used.
func (s Situation) ofFault() string {
	switch s.Fault {
	case HostUnknown:
		return "the host of {issuer} has no address here: check how it is written in {issuer_place}, and whether this machine can resolve it"
	case Unreachable, TimedOut:
		if s.isLocal() {
			return "check that {issuer} runs on this machine; if that is grpcaud dev, start it: " + ofEarlierRun
		}
		return "check that {issuer} can be reached from here and works"
	case CertificateUnknown:
		return "if the certificate of {issuer} is from an authority of your own, have this machine trust it; for commands, name it by --issuer-ca"
	case CertificateOther:
		return "the certificate of {issuer} has ended, or is for another host: write the host in {issuer_place} as the certificate has it"
	case NotTLS:
		return "{issuer} does not use TLS at this address: check the port in {issuer_place}"
	case OtherIssuer:
		return s.ofOtherIssuer()
	case FileMissing:
		return "keys_file in {issuer_place} names a file that is not there, or that this process may not read"
	}
	return ""
}

// ofEarlierRun says what is out of date after grpcaud dev was started again.
const ofEarlierRun = "each run has secrets of its own, and another port unless --addr names one, so set the variables that it prints"

// isLocal reports whether the issuer is one for development on this machine, which the
// file allows by insecure: loopback.
func (s Situation) isLocal() bool {
	issuer, err := url.Parse(s.Issuer)
	return err == nil && issuer.Scheme == "http" && loopback.Host(issuer.Hostname())
}

// ofOtherIssuer returns the remedy for metadata that names another issuer than the
// configured one.
func (s Situation) ofOtherIssuer() string {
	if s.Other == "" {
		return "the answer is not the metadata of an issuer: check the address in {issuer_place}"
	}
	return join(NearMiss([]string{s.Other}, []string{s.Issuer}, "issuers"),
		fmt.Sprintf("if both are one issuer, write %.256q as url in {issuer_place}, and beside it, as discovery, an address that this machine can reach", s.Other))
}
