package server

// pages adds the pages that mailed links open, the front page, and with --dev
// the outbox.
func (s *Server) pages() {}
