// Package protopolicy answers: what do the options of .proto files say? It reads
// those of package grpcaud.v1, which say beside a method who may call it:
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
// [access.New] says how they and the access matrix meet. What an option says
// that this version does not know is an error: it may be a demand.
package protopolicy
