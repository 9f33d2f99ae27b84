#pragma once

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <concepts>
#include <string>
#include <utility>
#include <vector>

#include "common/base/histogram.h"

// The Prometheus text format 0.0.4.
namespace parley::web {

using prometheus::MetricType;
using Labels = std::vector<prometheus::ClientMetric::Label>;

// The families of one answer, in the order in which they were opened.
class Families {
public:
    void open(std::string name, std::string help, MetricType type) {
        families_.push_back({std::move(name), std::move(help), type, {}});
    }

    void add(double value, Labels labels = {}) {
        prometheus::ClientMetric metric;
        metric.label = std::move(labels);
        if (families_.back().type == MetricType::Counter) {
            metric.counter.value = value;
        } else {
            metric.gauge.value = value;
        }
        families_.back().metric.push_back(std::move(metric));
    }

    // REQUIRES: the family is of type Histogram. One that was never said is passed over.
    void add(const base::HistogramView& view, Labels labels = {}) {
        if (view.counts.empty()) return;
        prometheus::ClientMetric metric;
        metric.label = std::move(labels);
        uint64_t so_far = 0;
        for (size_t i = 0; i < view.bounds.size(); ++i) {
            so_far += view.counts[i];
            metric.histogram.bucket.push_back({so_far, view.bounds[i]});
        }
        metric.histogram.sample_count = so_far + view.counts.back();
        metric.histogram.sample_sum = view.sum;
        families_.back().metric.push_back(std::move(metric));
    }

    void one(std::string name, std::string help, MetricType type, double value) {
        open(std::move(name), std::move(help), type);
        add(value);
    }
    void one(std::string name, std::string help, MetricType type, std::integral auto value) {
        one(std::move(name), std::move(help), type, static_cast<double>(value));
    }
    void one(std::string name, std::string help, const base::HistogramView& view) {
        open(std::move(name), std::move(help), MetricType::Histogram);
        add(view);
    }

    std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

private:
    std::vector<prometheus::MetricFamily> families_;
};

}  // namespace parley::web
