package remedy

// got and want are values in an error text.
const (
	got  = `(?P<got>[^'"\]\s;,]+)`
	want = `(?P<want>[^'"\]\s;,]+)`
)

const (
	lookGraph = "Microsoft Graph accepts tokens whose aud is https://graph.microsoft.com alone: have the client request one with scope=https://graph.microsoft.com/.default, and send the token for an API of its own to that API only"
	lookEntra = "Audience, or ValidAudiences, of the API must be what its tokens have in aud: in tokens of Entra ID the application id of the API, or in version 1 also api:// and the id"
)

// phrases are the error texts of common stacks, the more particular first.
var phrases = []phrase{
	// This module.
	says("grpcaud", AboutAudience, `tokensource: token for another audience`),

	// ASP.NET Core and Microsoft.IdentityModel.
	says("ASP.NET Core, Microsoft.IdentityModel", AboutAudience, `IDX1(0214|0206|0207|0208|0209).*?Audiences?: '`+got+`'.*?ValidAudiences?: '`+want+`'`),
	says("ASP.NET Core, Microsoft.IdentityModel", AboutAudience, `IDX10(214|206|207|208|209)\b|Audience validation failed`).at(lookEntra),
	says("ASP.NET Core, Microsoft.IdentityModel", AboutAudience, `The audience '(?P<got>[^']*)' is invalid`).at(lookEntra),
	says("ASP.NET Core, Microsoft.IdentityModel", AboutIssuer, `IDX1020[45].*?Issuer: '`+got+`'.*?ValidIssuers?: '`+want+`'`),
	says("ASP.NET Core, Microsoft.IdentityModel", AboutIssuer, `IDX(10204|10205|10211|10212|40001)\b|The issuer '(?P<got>[^']*)' is invalid|Issuer validation failed`),
	says("ASP.NET Core, Microsoft.IdentityModel", AboutExpiry, `IDX10223\b|The token expired at|The token is expired`),
	says("ASP.NET Core, Microsoft.IdentityModel", AboutTime, `IDX10222\b|The token is not valid before|Lifetime validation failed\. The token is not yet valid`),
	says("ASP.NET Core, Microsoft.IdentityModel", AboutKeys, `IDX(10500|10501|10503|10516|10517|20803|20804|20807)\b|The signature key was not found|Unable to obtain configuration from`),
	says("ASP.NET Core, Microsoft.IdentityModel", AboutSignature, `IDX105(04|08|11|14)\b|The signature is invalid`),
	says("ASP.NET Core, Microsoft.IdentityModel", AboutForm, `IDX(12709|12723|12729|12741|14100|14102|14107|14111|10609)\b|The token type is invalid`),
	says("Microsoft.Identity.Web", AboutScope, `IDW1020[123]\b`),

	// Microsoft Graph and the like.
	says("Microsoft Graph", AboutAudience, `Access token validation failure\.? *:? *Invalid audience`).at(lookGraph),
	says("Microsoft Graph", AboutExpiry, `Access token has expired or is not yet valid|Lifetime validation failed, the token is expired`),
	says("Microsoft Graph", AboutForm, `CompactToken parsing failed|IDX12741|80049217|JWT is not well formed`),
	says("Microsoft Graph", AboutMissing, `Access token is empty`),
	says("Microsoft Graph", AboutSignature, `Access token validation failure.*signature|Signature verification failed\.?"?}?$`),
	says("Microsoft Graph", AboutScope, `Authorization_RequestDenied|Insufficient privileges to complete the operation`),
	says("Azure API Management", AboutAudience, `Claim value mismatch: aud`),

	// Envoy, Istio.
	says("Envoy, Istio", AboutAudience, `Audiences in Jwt are not allowed`),
	says("Envoy, Istio", AboutIssuer, `Jwt issuer is not configured`),
	says("Envoy, Istio", AboutExpiry, `Jwt is expired`),
	says("Envoy, Istio", AboutTime, `Jwt not yet valid`),
	says("Envoy, Istio", AboutSignature, `Jwt verification fails`),
	says("Envoy, Istio", AboutKeys, `Jwks (doesn't|does not) have (a )?key|Jwks remote fetch is failed|Jwks doesn't have`),
	says("Envoy, Istio", AboutMissing, `Jwt is missing`),
	says("Envoy, Istio", AboutForm, `Jwt is not in the form|Jwt header .* bad|Jwt payload .* bad|Jwt header is an invalid JSON`),
	says("Istio", AboutClient, `RBAC: access denied`),

	// Spring Security, Nimbus, jose4j.
	says("Spring Security", AboutAudience, `The aud claim is not valid|The required audience .*is missing|JwtAudienceValidator`),
	says("Spring Security", AboutIssuer, `The iss claim is not valid`),
	says("Spring Security", AboutExpiry, `Jwt expired at`),
	says("Spring Security", AboutTime, `Jwt used before`),
	says("Spring Security", AboutScope, `requires higher privileges than provided by the access token`),
	says("Spring Security, Nimbus", AboutKeys, `Another algorithm expected, or no matching key|Couldn't retrieve remote JWK set`),
	says("Spring Security, Nimbus", AboutSignature, `Signed JWT rejected: Invalid signature`),
	says("Spring Security, Nimbus", AboutAudience, `JWT aud(ience)? claim has value \[?`+got+`.*?must be \[?`+want+`|JWT audience rejected:? *\[?(?P<got>[^\]]*)|JWT missing required audience`),
	says("Spring Security, Nimbus", AboutIssuer, `JWT iss(uer)? (claim has value|rejected)`),
	says("Spring Security, Nimbus", AboutExpiry, `Expired JWT`),
	says("Spring Security, Nimbus", AboutForm, `Invalid serialized unsecured/JWS/JWE object|Malformed token|JOSE header "?typ"?`),
	says("jose4j: Quarkus, WildFly", AboutAudience, `Audience \(aud\) claim \[?(?P<got>[^\]]*)\]? doesn't contain an acceptable identifier\.? *(Expected \[?(?P<want>[^\]]*))?|No Audience \(aud\) claim present`),
	says("jose4j: Quarkus, WildFly", AboutIssuer, `Issuer \(iss\) claim value .* doesn't match expected value|No Issuer \(iss\) claim present`),
	says("jose4j: Quarkus, WildFly", AboutExpiry, `The JWT is no longer valid`),
	says("Keycloak adapters", AboutAudience, `Invalid token audience|Expected audience not available in the token`),

	// Go.
	says("go-oidc", AboutAudience, `oidc: expected audience "?`+want+`"? got \[?(?P<got>[^\]]*)`),
	says("go-oidc", AboutIssuer, `id token issued by a different provider, expected "?`+want+`"? got "?`+got),
	says("go-oidc", AboutIssuer, `oidc: issuer (URL provided to client|did not match)`),
	says("go-oidc", AboutExpiry, `oidc: token is expired`),
	says("go-oidc", AboutTime, `oidc: current time .* before the nbf`),
	says("go-oidc", AboutSignature, `failed to verify (id token )?signature`),
	says("go-oidc", AboutKeys, `oidc: fetching keys|failed to verify signature: fetching keys`),
	says("go-oidc", AboutForm, `oidc: malformed jwt|oidc: id token signed with unsupported algorithm`),
	says("lestrrat-go/jwx", AboutAudience, `"?aud"? not satisfied`),
	says("lestrrat-go/jwx", AboutIssuer, `"?iss"? not satisfied`),
	says("lestrrat-go/jwx", AboutExpiry, `"?exp"? not satisfied`),
	says("lestrrat-go/jwx", AboutTime, `"?(nbf|iat)"? not satisfied`),
	says("lestrrat-go/jwx", AboutSignature, `could not verify message using any of the signatures or keys|failed to verify jws signature`),
	says("lestrrat-go/jwx", AboutKeys, `failed to find key with key ID`),
	says("golang-jwt", AboutAudience, `token has invalid audience`),
	says("golang-jwt", AboutIssuer, `token has invalid issuer`),
	says("golang-jwt", AboutExpiry, `token is expired( by)?|token has invalid claims: token is expired`),
	says("golang-jwt", AboutSignature, `token signature is invalid`),
	says("golang-jwt", AboutForm, `token contains an invalid number of segments|token is malformed`),
	says("Auth0 go-jwt-middleware", AboutAudience, `token claims not validated.*audience`),
	says("Kubernetes", AboutAudience, `token audiences \[?"?(?P<got>[^\]]*?)"?\]? is invalid for the target audiences \[?"?(?P<want>[^\]]*)`),

	// Node.js, Python, Auth0, others.
	says("jsonwebtoken: Node.js, Auth0", AboutAudience, `jwt audience invalid\.? *(expected: *(?P<want>.+))?`),
	says("jsonwebtoken: Node.js, Auth0", AboutIssuer, `jwt issuer invalid\.? *(expected: *(?P<want>.+))?`),
	says("jsonwebtoken: Node.js, Auth0", AboutExpiry, `jwt expired`),
	says("jsonwebtoken: Node.js, Auth0", AboutTime, `jwt not active`),
	says("jsonwebtoken: Node.js, Auth0", AboutForm, `jwt malformed|jwt must be provided`),
	says("jose: Node.js, Auth0", AboutAudience, `unexpected (JWT )?\\?"aud\\?" (claim )?value`),
	says("jose: Node.js, Auth0", AboutIssuer, `unexpected (JWT )?\\?"iss\\?" (claim )?value`),
	says("jose: Node.js, Auth0", AboutExpiry, `\\?"exp\\?" claim timestamp check failed`),
	says("jose: Node.js, Auth0", AboutSignature, `signature verification failed`),
	says("jose: Node.js, Auth0", AboutKeys, `no applicable key found in the JSON Web Key Set`),
	says("Auth0", AboutAudience, `Audience \(aud\) claim mismatch|The Claim 'aud' value doesn't contain the required audience|Service not found: *`+got),
	says("Auth0", AboutIssuer, `Issuer \(iss\) claim mismatch`),
	says("Auth0", AboutSecret, `Client is not authorized to access|client-grant`),
	says("PyJWT, Authlib", AboutAudience, `Audience doesn't match|Token is missing the "aud" claim|invalid_claim: *Invalid claim "?aud"?`),
	says("PyJWT, Authlib", AboutExpiry, `Signature has expired`),
	says("PyJWT, Authlib", AboutKeys, `Unable to find a signing key that matches`),
	says("Google", AboutAudience, `Wrong recipient, payload audience|Audience not allowed|Token has wrong audience `+got+`?`),
	says("Amazon API Gateway", AboutAudience, `the token does not have a valid audience`),
	says("Amazon API Gateway", AboutIssuer, `the token does not have a valid issuer|issuer (cannot|can not) be found`),

	// The issuer gave no token.
	says("Keycloak", AboutSecret, `Invalid client or Invalid client credentials|Client not enabled to retrieve service account`),
	says("Entra ID", AboutAudience, `AADSTS500011\b.*?resource principal named (?P<want>\S+)`),
	says("Entra ID", AboutSecret, `AADSTS7000\d+\b|AADSTS70021\d\b`),
	says("", AboutSecret, `\b(invalid_client|unauthorized_client)\b`),
	says("", AboutAudience, `\binvalid_target\b`),

	// Any stack, by its words.
	says("", AboutAudience, `\b(invalid|wrong|bad|unexpected|unknown|incorrect|mismatched|unaccepted)[ _](token[ _])?(\W)?aud(ience)?s?\b|\baud(ience)?s?\b[^.]{0,80}\b(invalid|mismatch\w*|wrong|not (valid|allowed|accepted|match\w*|found|permitted)|did not match|does(n't| not) match|rejected|missing)\b`),
	says("", AboutIssuer, `\b(invalid|wrong|unexpected|unknown|untrusted)[ _](token[ _])?(\W)?iss(uer)?\b|\biss(uer)?\b[^.]{0,80}\b(invalid|mismatch\w*|wrong|not (valid|allowed|accepted|trusted|match\w*)|did not match|does(n't| not) match|rejected)\b`),
	says("", AboutScope, `\binsufficient[ _]scopes?\b|\bmissing (the )?(required )?scopes?\b`),
	says("", AboutExpiry, `\b(token|jwt)\b[^.]{0,40}\b(has |is )?expired\b|\bexpired (access |bearer )?(token|jwt)\b`),
	says("", AboutTime, `\b(token|jwt)\b[^.]{0,40}\bnot (yet valid|valid yet|active yet)\b`),
	says("", AboutSignature, `\binvalid (token |jwt )?signature\b|\bsignature\b[^.]{0,40}\b(invalid|mismatch|failed|not valid)\b`),
}
