// Package protopolicy reads the access options of .proto files, those of package
// grpcaud.v1, which say next to a method who may call it:
//
//	service OrderStatus {
//	  option (grpcaud.v1.service) = {audience: "order-status"};
//
//	  rpc GetOrderStatus(GetOrderStatusRequest) returns (GetOrderStatusResponse) {
//	    option (grpcaud.v1.method) = {clients: ["customer-portal"], scopes: ["orders.read"]};
//	  }
//	}
//
// There is no plugin: the options are in the descriptors that generated code
// links into a program.
//
//	options, err := protopolicy.FromFiles(protoregistry.GlobalFiles)
//	policy, err := policyfile.Load("access.yaml", options...)
//
// A method may also have the option google.api.http, with additional_bindings: its paths
// come with the options ([access.MethodOptions.HTTP]), and are the HTTP operation of that
// name if the matrix has http for the service. No other configuration of a gateway is read.
//
// [access.New] says how options and the access matrix are combined. A field of an option
// that this version does not know is an error, since it may be a demand.
package protopolicy
