package protopolicy

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// httpOption is the number of the option google.api.http. It is read here field by field:
// the package that is generated for it would be in every program, and a program that has
// its own copy of these .proto files would not start.
const httpOption protowire.Number = 72295728

// These are the fields of google.api.HttpRule and google.api.CustomHttpPattern.
const (
	fieldSelector     protowire.Number = 1
	fieldBody         protowire.Number = 7
	fieldCustom       protowire.Number = 8
	fieldAdditional   protowire.Number = 11
	fieldResponseBody protowire.Number = 12

	fieldKind protowire.Number = 1
	fieldPath protowire.Number = 2
)

// httpMethods are the methods of the fields of HttpRule that hold a path.
var httpMethods = map[protowire.Number]string{2: "GET", 3: "PUT", 4: "POST", 5: "DELETE", 6: "PATCH"}

// maxBindings is how many bindings a method may have.
const maxBindings = 100

var errHTTPForm = errors.New("the option google.api.http has another form than this version of grpcaud knows")

// bindings returns the HTTP methods and path templates of a method, from its options
// without those that have a generated type.
func bindings(unknown []byte) ([]string, error) {
	var rule []byte // a message that occurs more than once is one message, in pieces
	err := eachField(unknown, func(number protowire.Number, value []byte) error {
		if number != httpOption {
			return nil
		}
		if value == nil {
			return errHTTPForm
		}
		rule = append(rule, value...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return bindingsOf(rule, false)
}

// bindingsOf returns the bindings of one HttpRule. An additional one has none of its own.
func bindingsOf(rule []byte, additional bool) ([]string, error) {
	var first string // of the alternatives, the last that was written counts
	var more []string
	err := eachField(rule, func(number protowire.Number, value []byte) (err error) {
		method, hasPath := httpMethods[number]
		switch {
		case value == nil:
			return errHTTPForm
		case hasPath:
			first = method + " " + string(value)
		case number == fieldCustom:
			first, err = custom(value)
		case number == fieldAdditional && !additional && len(more) < maxBindings:
			var one []string
			one, err = bindingsOf(value, true)
			more = append(more, one...)
		case number == fieldAdditional && !additional:
			return fmt.Errorf("more than %d additional_bindings", maxBindings)
		case number != fieldSelector && number != fieldBody && number != fieldResponseBody:
			return errHTTPForm
		}
		return err
	})
	if err != nil || first == "" {
		return more, err
	}
	return append([]string{first}, more...), nil
}

// custom returns the method and the path of a CustomHttpPattern.
func custom(pattern []byte) (string, error) {
	var kind, path string
	err := eachField(pattern, func(number protowire.Number, value []byte) error {
		switch {
		case value == nil:
			return errHTTPForm
		case number == fieldKind:
			kind = string(value)
		case number == fieldPath:
			path = string(value)
		default:
			return errHTTPForm
		}
		return nil
	})
	return kind + " " + path, err
}

// eachField calls f for each field of a message. The value is not nil if it is a string, a
// message or bytes, and nil for any other kind.
func eachField(message []byte, f func(number protowire.Number, value []byte) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return errHTTPForm
		}
		length := protowire.ConsumeFieldValue(number, kind, message[n:])
		if length < 0 {
			return errHTTPForm
		}
		var value []byte
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(message[n:])
			value = append([]byte{}, value...)
		}
		if err := f(number, value); err != nil {
			return err
		}
		message = message[n+length:]
	}
	return nil
}
