package echo

// ServiceDesc describes a service to gRPC.
var ServiceDesc = serviceDesc
