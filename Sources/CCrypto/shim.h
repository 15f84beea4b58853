// Checksums of libcrypto, the part of OpenSSL that every Linux system has.
#pragma once

#include <openssl/evp.h>
