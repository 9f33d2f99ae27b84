#include <algorithm>

#include "controller/wiring/server.h"

// Where a server listens for HTTP and WebSockets, and who it is to those who come over TLS.
namespace parley::controller {

namespace {

std::vector<net::Address> addresses_of(const std::vector<std::string>& ips, uint16_t port) {
    std::vector<net::Address> addresses;
    for (const std::string& ip : ips) addresses.push_back(*net::parse_ip(ip, port));
    return addresses;
}

// A machine without IPv6 serves what it has, unless IPv6 was asked for by name.
void without_ipv6(std::vector<net::Address>& addresses, bool is_default) {
    if (is_default) std::erase_if(addresses, [](const net::Address& one) { return !one.is_v4(); });
}

}  // namespace

base::Result<base::Unit, std::string> Server::listen_web() {
    const Config& config = options_.config;
    shell::WebServer::Options web;
    web.listen = addresses_of(config.http_listen, config.http_port);
    if (!config.tls_certificate.empty()) {
        auto identity = open_tls();
        if (!identity) return base::Err{"tls: " + identity.error()};
        web.identity = std::move(*identity);
        web.listen_tls = addresses_of(config.https_listen, config.https_port);
    }
    web.subprotocols = {"protoo"};
    if (!config.broker.empty()) {
        web.subprotocols.emplace_back(clustering::kLinkProtocol);
        web.subprotocols.emplace_back(clustering::kLoanProtocol);
    }
    const auto started = start_web(web);
    if (started) return started;
    const size_t wanted = web.listen.size() + web.listen_tls.size();
    without_ipv6(web.listen, config.http_listen == Config{}.http_listen);
    without_ipv6(web.listen_tls, config.https_listen == Config{}.https_listen);
    return web.listen.size() + web.listen_tls.size() < wanted ? start_web(web) : started;
}

base::Result<base::Unit, std::string> Server::start_web(const shell::WebServer::Options& options) {
    auto web = shell::WebServer::start(*web_context_, options, web_events());
    if (!web) return base::Err{web.error()};
    web_ = std::move(*web);
    const size_t plain = options.listen.size(), all = plain + options.listen_tls.size();
    for (size_t i = 0; i < all; ++i) {
        const std::string scheme = i < plain ? "http://" : "https://";
        log({Level::Info, "listens on " + scheme + net::to_text(web_->address(i)) + "/"});
    }
    if (options.identity) log({Level::Info, "tls: shows " + options.identity->text()});
    return base::Unit{};
}

base::Result<shell::TlsIdentity, std::string> Server::open_tls() {
    auto opened = shell::TlsWatch::open(
        loop_, {options_.config.tls_certificate, options_.config.tls_key},
        {.on_renewed =
             [this](const shell::TlsIdentity& renewed) {
                 web_->show(renewed);
                 log({Level::Info, "tls: shows " + renewed.text() + " from now on"});
             },
         .on_refused =
             [this](const std::string& why) {
                 log({Level::Error, "tls: " + why + "; the certificate shown stays the old one"});
             }});
    if (!opened) return base::Err{opened.error()};
    tls_watch_ = std::move(opened->watch);
    return std::move(opened->identity);
}

// What can be read again without a restart: the certificate.
void Server::reload() {
    if (tls_watch_) return tls_watch_->reload();
    log({Level::Info, "SIGHUP: there is no certificate to read again"});
}

}  // namespace parley::controller
