package access

// HTTP says which HTTP requests call a service. The zero value has the operations of its
// .proto options alone.
type HTTP struct {
	// Operations are the patterns of each operation, by its name: an identifier such as
	// "GetOrderStatus". A pattern has the syntax of [net/http.ServeMux], with a method:
	// "GET /v1/orders/{id}". An operation with the name of a gRPC method has the rule of
	// that method. The HTTP options of .proto files ([MethodOptions]) add operations with
	// the names of their methods; where both speak, they must match the same requests.
	Operations map[string][]string

	// Resource identifies the service to clients that read its metadata (RFC 9728,
	// section 1.2): an https URL without query and fragment. Empty means that the service
	// publishes no metadata.
	Resource string

	// Documentation is the address of a page for developers of clients, for the metadata.
	// Empty means none. It needs Resource.
	Documentation string
}
