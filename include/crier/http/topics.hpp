#pragma once

#include <crier/export.hpp>
#include <crier/http/request_head.hpp>
#include <crier/pubsub/manager.hpp>

#include <boost/system/result.hpp>

#include <string>
#include <vector>

namespace crier {

/// Returns the topic that a request names: its percent-decoded path, and its query as it was sent,
/// without `last_event_id`. It begins with a slash, which names of `topics_of` need not have.
///
/// `/caf%C3%A9?lang=fr` names "/café?lang=fr". `%2F` becomes a slash like any other, as a topic is
/// one name without segments. Decide by this name, not by the path, who may read a topic.
///
/// Errors: `errc::invalid_topic` if a "%" in the path is not followed by two hexadecimal digits, or
/// if the name is not UTF-8 or contains NUL. `serve` answers it with 400.
CRIER_EXPORT boost::system::result<std::string> topic_of(const request_head& head);

template <beast_request Request>
boost::system::result<std::string> topic_of(const Request& request) {
    request_head head;
    head.target = request.target();
    return topic_of(head);
}

/// Returns the topics that a query names, `?topic=a&topic=b`, each once. As in forms, "+" is a
/// blank, and a "%" that begins no escape stands for itself.
///
/// Errors: `errc::invalid_topic` if a name is not UTF-8 or contains NUL.
CRIER_EXPORT boost::system::result<std::vector<topic_options>> topics_of(const request_head& head);

/// Returns the id of the last event that the client has received: the field `Last-Event-ID`, else
/// `last_event_id` of the query, which is for first connections. Empty if there is none.
/// Source: WHATWG HTML 9.2.4.
CRIER_EXPORT std::string last_event_id_of(const request_head& head);

} // namespace crier
