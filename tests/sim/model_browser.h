#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/people.h"
#include "tests/sim/places.h"
#include "tests/sim/protoo_client.h"
#include "tests/sim/voice_receiver.h"
#include "tests/sim/voice_sender.h"

namespace parley::sim {

// What a browser finds around it. All of it outlives the browser.
struct Surroundings {
    World& world;
    Network& network;
    Switchboard& switchboard;
    People& people;
    Places& places;
    VoiceReceiver::Broken broken;
    std::function<void(const dtls::SrtpKeys&)> keys;  // told of every leg's
};

struct BrowserOptions {
    std::string room;
    uint32_t room_number = 0;
    std::string peer;
    bool numbered = true;  // asks for sessions that can be resumed, as Parley's own client does
    bool publishes = true;
    bool v6 = false;
    dtls::Role role = dtls::Role::Client;
    ControllingAgent::Nomination nomination = ControllingAgent::Nomination::Regular;
    std::optional<uint32_t> ssrc;  // to speak under; random unless given
    uint32_t slots = 0;            // to hear in; 0: a consumer for each voice
    uint8_t softer = 0;            // speaks so many dB below the others
};

// A page with mediasoup-client and a microphone: signalling in its order of requests, two
// transports, one voice out and any number in. It mends itself as docs/signalling.md says: the
// session first, then ICE, then all of it anew.
class ModelBrowser final : public Waiter, public ProtooListener, public LegListener {
public:
    enum class State : uint8_t { Out, Joining, In, Left, Refused };

    ModelBrowser(const Surroundings& around, const BrowserOptions& options);
    ~ModelBrowser() override;

    void join();
    void leave();

    Mouth& mouth() { return sender_.mouth(); }
    Line& line() { return line_; }
    ProtooClient& signalling() { return *client_; }
    void wake() { set_deadline(); }  // after the mouth was told something

    void set_muted(bool muted);
    void set_consumer_paused(const std::string& peer, bool paused);
    void restart_ice();
    void move(bool knows);  // both legs, to new addresses
    // Ends without a word to anybody, as a closed laptop does.
    void vanish();

    State state() const { return state_; }
    // In the room, heard by whoever wants to, and every stream that was announced can arrive.
    bool settled() const { return what_is_missing().empty(); }
    std::string what_is_missing() const;
    // The transport it speaks on, or hears on; nullptr while there is none.
    const MediaLeg* sending_leg() const { return send_.leg.get(); }
    const MediaLeg* receiving_leg() const { return receive_.leg.get(); }
    size_t streams() const { return receiver_.open_streams(); }
    uint16_t close_code() const { return close_code_; }
    uint32_t number() const { return number_; }
    const BrowserOptions& options() const { return options_; }
    const std::set<std::string>& peers() const { return peers_; }
    const std::string& dominant() const { return dominant_; }
    const VoiceReceiver& receiver() const { return receiver_; }
    const VoiceSender& sender() const { return sender_; }
    bool muted_by_admin() const { return muted_by_admin_; }
    uint64_t rejoins() const { return rejoins_; }
    uint64_t rebuilds() const { return rebuilds_; }
    uint64_t ice_restarts() const { return ice_restarts_; }
    uint64_t resumed() const { return resumed_before_ + (client_ ? client_->resumed() : 0); }

    void on_deadline() override;

private:
    struct Side {
        std::string id;
        RemoteTransport remote;
        std::unique_ptr<MediaLeg> leg;
        bool connecting = false;
        bool connected = false;  // signalling said so
        std::vector<std::function<void()>> when_connected;
        base::Instant restarted;
    };

    // --- joining, model_browser_joining.cpp
    void start_over();
    void start_over_soon();
    void discard_media();
    void ask_for_transport(bool producing);
    void on_transport(bool producing, Json data);
    void on_both_transports();
    void ask_to_join();
    // Calls `then` when the transport is connected, which is asked for once.
    void connect(Side& side, std::function<void()> then);
    void produce();
    void ask_to_produce();
    void take_consumer(Json data);
    void on_new_consumer(uint64_t request, Json data);
    void on_lost(Json data);
    void sync();
    void on_sync(Json data);
    // Calls `then` unless the transports that it was about are gone by the time of the answer.
    ProtooClient::Answered in_this_life(std::function<void(Json)> then);
    ProtooClient::Refused or_later(std::string what);

    void on_open(bool resumed, bool recovered) override;
    void on_request(uint64_t id, std::string_view method, Json data) override;
    void on_notification(std::string_view method, Json data) override;
    void on_closed(uint16_t code, const std::string& reason) override;
    void on_nonsense(const std::string& what) override;

    void on_rtp(MediaLeg& leg, base::Bytes packet) override;
    void on_rtcp(MediaLeg& leg, base::Bytes compound) override;
    void on_keys(MediaLeg& leg, const dtls::SrtpKeys& keys) override;
    void on_nonsense(MediaLeg& leg, const char* what) override;

    void mend(Side& side);
    void restart_ice(Side& side);
    void set_deadline();

    Surroundings around_;
    BrowserOptions options_;
    World::WaiterId waiter_;
    base::SeededRandom random_;
    std::unique_ptr<dtls::Identity> identity_;
    Line line_;
    VoiceSender sender_;
    uint32_t number_;  // as a person
    VoiceReceiver receiver_;

    State state_ = State::Out;
    std::unique_ptr<ProtooClient> client_;
    uint64_t life_ = 0;  // grows when all transports are given up
    bool join_asked_ = false;
    bool joined_ = false;
    bool producing_ = false;  // asked for, or done
    bool syncing_ = false;
    Side send_;
    Side receive_;
    std::string producer_;
    bool paused_ = false;
    bool muted_by_admin_ = false;
    std::map<std::string, std::string> consumers_;  // by the peer they carry; slots by their own id
    std::set<std::string> peers_;
    std::string dominant_;
    uint16_t close_code_ = 0;
    base::Instant next_report_;
    uint64_t rejoins_ = 0;
    uint64_t rebuilds_ = 0;
    uint64_t ice_restarts_ = 0;
    uint64_t resumed_before_ = 0;
};

}  // namespace parley::sim
