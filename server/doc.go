// Package server is HTTP alone: listening, one chain around every request,
// the route table, the fixed routes and the pages. What a request means is
// the dialects', what is done is the core's; the server reaches no store.
//
// A request's way, in five lines:
//
//	exchange   request id, client address; a panic becomes a 500; one log line
//	router     the dialects' routes and the fixed ones; 404, 405, preflight
//	body       media type, size limit, read once, parsed once
//	dialect    read, the core's use case, write
//	answer     headers and JSON, in one place
package server
