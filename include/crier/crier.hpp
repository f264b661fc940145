#pragma once

/// The whole library except crier's server (`server`, `exchange`, `stream_handler`) and the client.

#include <crier/async/channel.hpp>
#include <crier/async/single_thread.hpp>
#include <crier/http/cors.hpp>
#include <crier/http/serve.hpp>
#include <crier/http/stream_writer.hpp>
#include <crier/pubsub/broker.hpp>
#include <crier/pubsub/hub.hpp>
#include <crier/pubsub/manager.hpp>
#include <crier/pubsub/on_demand.hpp>
#include <crier/pubsub/secret_hash.hpp>
#include <crier/wire/encoder.hpp>
#include <crier/wire/errc.hpp>
#include <crier/wire/parser.hpp>
