// What the build was told about itself.
#pragma once

#ifndef JANUS_LITE_COMMIT
#define JANUS_LITE_COMMIT ""
#endif

/// The commit that was built, or an empty text.
static inline const char *janus_lite_commit(void) { return JANUS_LITE_COMMIT; }
