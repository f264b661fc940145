#pragma once

/// Marks what the shared libraries offer; all else is hidden from the linker.
#define CRIER_EXPORT __attribute__((visibility("default")))
