#include "controller/api/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdio>

#include "common/base/ensure.h"

namespace parley::controller::api {

std::string signature(base::Instant now, std::string_view secret, std::string_view body) {
    const std::string seconds = std::to_string(now.micros() / 1'000'000);
    const std::string signed_text = seconds + "." + std::string(body);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    ENSURE(HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(),
                digest, &size) != nullptr);
    std::string value = "t=" + seconds + ",v1=";
    for (unsigned int i = 0; i < size; ++i) {
        char hex[3];
        std::snprintf(hex, sizeof hex, "%02x", digest[i]);
        value += hex;
    }
    return value;
}

}  // namespace parley::controller::api
