package interceptor

// CredentialsOf lets tests reach what gRPC's own client would not send.
var CredentialsOf = credentialsOf
