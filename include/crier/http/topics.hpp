#pragma once

#include <crier/export.hpp>
#include <crier/http/request_head.hpp>
#include <crier/pubsub/manager.hpp>

#include <boost/system/result.hpp>

#include <string>
#include <vector>

namespace crier {

/// Reads from a target the topic that it names: its path without the escapes of percent-encoding,
/// and `?query` as it was sent, where there is one, but without `last_event_id`.
///
/// `/caf%C3%A9?lang=fr` names "/café?lang=fr". `%2F` is a slash like any other: a topic is one name
/// and has no segments. What is to keep clients from a topic must look at this name.
///
/// Errors: `errc::invalid_topic` where a "%" in the path is not followed by two hexadecimal digits,
/// and where the name is not UTF-8 or holds NUL.
CRIER_EXPORT boost::system::result<std::string> topic_of(const request_head& head);

template <beast_request Request>
boost::system::result<std::string> topic_of(const Request& request) {
    request_head head;
    head.target = request.target();
    return topic_of(head);
}

/// Reads from a query the topics that it names as `?topic=a&topic=b`, each once. As in forms "+" is
/// a blank, and a "%" that begins no escape is itself.
///
/// Errors: `errc::invalid_topic` where a name is not UTF-8 or holds NUL.
CRIER_EXPORT boost::system::result<std::vector<topic_options>> topics_of(const request_head& head);

/// The id of the last event that a client has received: the field `Last-Event-ID`, else the query's
/// `last_event_id`, for a first connection. Empty where there is none.
/// Source: WHATWG HTML 9.2.4.
CRIER_EXPORT std::string last_event_id_of(const request_head& head);

} // namespace crier
