#include "worker/srtp/transform.h"

namespace parley::srtp {

Transform make_transform(Profile profile, const Master& master) {
    const SessionKeys rtp = derive_keys(profile, master, Kind::Rtp);
    const SessionKeys rtcp = derive_keys(profile, master, Kind::Rtcp);
    if (profile == Profile::AesCm128HmacSha1_80) return CounterTransform(rtp, rtcp);
    return AeadTransform(key_size(profile), rtp, rtcp);
}

}  // namespace parley::srtp
