#include "worker/dtls/secure_records.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "common/base/ensure.h"

namespace parley::dtls {

namespace {

constexpr uint16_t kEpoch = 1;
constexpr size_t kNonce = 8;  // the explicit part
constexpr size_t kTag = 16;
constexpr uint64_t kSequenceNumbers = uint64_t{1} << 48;

struct CipherFree {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, CipherFree>;

uint64_t number_of(uint64_t sequence_number) {
    return uint64_t{kEpoch} << 48 | sequence_number;
}

// Epoch, sequence number, type, version and the length of the plain text. RFC 6347 §4.1.2.1.
std::array<uint8_t, kRecordHeader> additional_data(ContentType type, uint64_t number,
                                                   size_t plain_size) {
    std::array<uint8_t, kRecordHeader> data;
    base::ByteWriter out(data);
    out.u64(number);
    out.u8(static_cast<uint8_t>(type));
    out.u16(kVersion12);
    out.u16(static_cast<uint16_t>(plain_size));
    return data;
}

// Keyed, with its nonce and its additional data taken in.
CipherContext begin(const RecordKey& key, size_t key_size, base::Bytes nonce, base::Bytes data,
                    bool encrypt) {
    std::array<uint8_t, 12> whole_nonce;
    base::ByteWriter out(whole_nonce);
    out.put(key.salt);
    out.put(nonce);
    CipherContext context(EVP_CIPHER_CTX_new());
    ENSURE(context != nullptr);
    const EVP_CIPHER* cipher = key_size == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
    ENSURE(EVP_CipherInit_ex(context.get(), cipher, nullptr, key.key.data(), whole_nonce.data(),
                             encrypt) == 1);
    int size = 0;
    ENSURE(EVP_CipherUpdate(context.get(), nullptr, &size, data.data(),
                            static_cast<int>(data.size())) == 1);
    return context;
}

void run(EVP_CIPHER_CTX* context, uint8_t* to, base::Bytes from) {
    int size = 0;
    if (from.empty()) return;
    ENSURE(EVP_CipherUpdate(context, to, &size, from.data(), static_cast<int>(from.size())) == 1);
}

}  // namespace

SecureRecords::~SecureRecords() {
    OPENSSL_cleanse(&keys_, sizeof keys_);
}

void SecureRecords::note_sent(base::Bytes datagram) {
    base::ByteReader in(datagram);
    while (const auto record = parse_record(in)) {
        if (record->epoch != kEpoch) continue;
        next_sequence_number_ = std::max(next_sequence_number_, record->sequence_number + 1);
        next_nonce_ = base::ByteReader(record->fragment).u64() + 1;
    }
}

std::vector<uint8_t> SecureRecords::seal(ContentType type, base::Bytes plain) {
    ENSURE(next_sequence_number_ > 0 && next_sequence_number_ < kSequenceNumbers);
    const uint64_t number = number_of(next_sequence_number_++);
    std::vector<uint8_t> datagram(kRecordHeader + kNonce + plain.size() + kTag);
    base::ByteWriter out(datagram);
    out.u8(static_cast<uint8_t>(type));
    out.u16(kVersion12);
    out.u64(number);
    out.u16(static_cast<uint16_t>(kNonce + plain.size() + kTag));
    out.u64(next_nonce_++);
    const base::Bytes nonce = out.written().last(kNonce);
    const auto data = additional_data(type, number, plain.size());
    const CipherContext context = begin(keys_.local, keys_.key_size, nonce, data, true);
    uint8_t* text = datagram.data() + out.size();
    run(context.get(), text, plain);
    int none = 0;
    ENSURE(EVP_EncryptFinal_ex(context.get(), text, &none) == 1);
    ENSURE(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTag, text + plain.size()) ==
           1);
    return datagram;
}

std::optional<std::vector<uint8_t>> SecureRecords::open(const Record& record) {
    if (record.epoch != kEpoch || record.version != kVersion12) return std::nullopt;
    if (record.fragment.size() < kNonce + kTag) return std::nullopt;
    if (heard_.heard(record.sequence_number)) return std::nullopt;
    const size_t size = record.fragment.size() - kNonce - kTag;
    const auto data = additional_data(record.type, number_of(record.sequence_number), size);
    const CipherContext context =
        begin(keys_.remote, keys_.key_size, record.fragment.first(kNonce), data, false);
    std::vector<uint8_t> plain(size);
    run(context.get(), plain.data(), record.fragment.subspan(kNonce, size));
    std::array<uint8_t, kTag> tag;
    base::ByteWriter(tag).put(record.fragment.last(kTag));
    ENSURE(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTag, tag.data()) == 1);
    int none = 0;
    if (EVP_DecryptFinal_ex(context.get(), tag.data(), &none) != 1) return std::nullopt;
    heard_.add(record.sequence_number);
    return plain;
}

}  // namespace parley::dtls
