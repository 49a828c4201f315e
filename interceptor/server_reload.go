package interceptor

// RecordReload counts a change of the policy's files in the metric
// grpcaud.server.policy.reloads: applied if err is nil, else failed. [Server.Swap]
// counts only the policies that it gets, and gets none for a file with mistakes. Give
// RecordReload the reports of policyfile.Watch:
//
//	policyfile.WatchReport(func(s policyfile.Stats) { admit.RecordReload(s.Err) })
//
// It is safe for concurrent use.
func (s *Server) RecordReload(err error) { s.admission.RecordReload(err) }
