#include "worker/router/pipe_rules.h"

#include <algorithm>
#include <utility>

namespace parley::router {

using base::Instant;

const PipeRule* PipeRules::find(uint64_t pipe) const {
    const auto found = std::find_if(rules_.begin(), rules_.end(),
                                    [&](const Entry& entry) { return entry.pipe == pipe; });
    return found == rules_.end() ? nullptr : &found->rule;
}

void PipeRules::measure_depth() {
    depth_ = 0;
    for (const Entry& entry : rules_) depth_ = std::max(depth_, entry.rule.loudest);
}

void PipeRules::set(uint64_t pipe, PipeRule rule, std::span<Producer* const> voices) {
    const bool first = !any();
    erase(pipe);
    if (rule.loudest > 0) rules_.push_back({pipe, std::move(rule)});
    measure_depth();
    if (!first || !any()) return;
    speakers_ = {};
    for (Producer* voice : voices) add(*voice);
}

void PipeRules::erase(uint64_t pipe) {
    std::erase_if(rules_, [&](const Entry& entry) { return entry.pipe == pipe; });
    measure_depth();
}

void PipeRules::add(Producer& voice) {
    if (any() && competes(voice)) voice.stage().number_here = speakers_.add();
}

void PipeRules::remove(Instant now, const Producer& voice) {
    if (any() && competes(voice)) speakers_.remove(now, voice.stage().number_here);
}

void PipeRules::silence(const Producer& voice) {
    if (any() && competes(voice)) speakers_.silence(voice.stage().number_here);
}

bool PipeRules::lets_in(const PipedConsumer& stream) const {
    const PipeRule* rule = find(stream.pipe().id());
    const Producer& voice = stream.producer();
    if (!rule || rule->loudest == 0 || !competes(voice)) return true;
    if (speakers_.rank_of(voice.stage().number_here) < rule->loudest) return true;
    const uint32_t csrc = voice.options().csrc;
    return std::find(rule->always.begin(), rule->always.end(), csrc) != rule->always.end();
}

bool PipeRules::needless(Instant now, const Producer& voice, int8_t dbov) const {
    if (!any() || !competes(voice)) return true;
    return !speakers_.could_rise(now, voice.stage().number_here, dbov);
}

bool PipeRules::on_packet(Instant now, const Producer& voice, int8_t dbov) {
    if (!any() || !competes(voice)) return false;
    return speakers_.on_level(now, voice.stage().number_here, dbov) < depth_;
}

}  // namespace parley::router
