package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"syscall"
)

// networkFault says in words why a server could not be reached or went silent, and what to do.
func (d *download) networkFault(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errStalled) {
		return d.fault("sent nothing for %s, after %d of %d bytes: try again later; the same command goes on from there", span(d.stall), d.offset, d.file.size)
	} else if cause != nil {
		return cause // stopped by the user
	}
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err // without the address, which is long and known
	}
	var name *net.DNSError
	var op *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return d.fault("cannot be reached, since the proxy does not answer (%v): check HTTPS_PROXY and HTTP_PROXY", op.Err)
	case errors.As(err, &name):
		return d.fault("cannot be found (%s): is there a network? If there is none here, %s", name.Err, d.byHand())
	case errors.As(err, &certificate):
		return d.fault("shows a certificate that is not trusted (%v): check this machine's clock and certificates, and what stands between", certificate.Err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return d.fault("refuses the connection: try again later, or %s", d.byHand())
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return d.fault("cannot be reached: is there a network? If there is none here, %s", d.byHand())
	case d.offset > 0:
		return d.fault("broke off after %d of %d bytes (%v): the same command goes on from there", d.offset, d.file.size, err)
	}
	return d.fault("cannot be reached (%v): try again later, or %s", err, d.byHand())
}
