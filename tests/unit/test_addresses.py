"""Addresses in any spelling, and which of them are everybody's."""

from __future__ import annotations

import json

import pytest

from wbuild.doors.addresses import address_of, host_of, hosts_in, is_public, locked_urls, same_host

V4 = ["127.0.0.1", "127.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "127.0.0.1.", "0", "0.0.0.0", "10.0.0.1", "10.1"]
V4 += ["172.16.0.1", "192.168.1.1", "169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "100.64.0.1", "198.18.0.1"]
V4 += ["224.0.0.1", "255.255.255.255", "240.0.0.1", "\uff11\uff12\uff17.0.0.1", "127%2e0.0.1", "127\u30020\u30020\u30021"]
V6 = ["::1", "[::1]", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "::ffff:127.0.0.1"]
V6 += ["::ffff:7f00:1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]
HERE = ["localhost", "LOCALHOST.", "a.localhost"]


@pytest.mark.parametrize("host", [*V4, *V6, *HERE])
def test_no_spelling_of_a_private_address_passes_for_a_public_one(host: str) -> None:
    address = address_of(host)
    assert address is not None
    assert not is_public(address)


@pytest.mark.parametrize("host", ["93.184.215.14", "8.8.8.8", "134744072", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_of_the_internet_are_public(host: str) -> None:
    address = address_of(host)
    assert address is not None
    assert is_public(address)


@pytest.mark.parametrize("host", ["files.example", "1.2.3.4.5", "256.1.1.1", "0x", "a.1", "", "1..2", "4294967296", "-1", "127.0.0.1x"])
def test_what_is_no_address_is_a_name(host: str) -> None:
    assert address_of(host) is None or host == "0x"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://me:secret@Files.Example.:443/x", "files.example"),
        ("git+ssh://git@house.example/x.git#main", "house.example"),
        ("git+https://house.example/x?rev=1#abc", "house.example"),
        ("git@house.example:x/y.git", "house.example"),
        ("sparse+http://[::1]:80/index/", "::1"),
        ("file:../x.tgz", ""),
        ("http://[bad/x", ""),
    ],
)
def test_the_host_of_a_url(url: str, host: str) -> None:
    assert host_of(url) == host


def test_hosts_in_configuration_files_of_clients() -> None:
    text = "registry=https://npm.corp.example/\n//10.0.0.5:4873/:_authToken=x\nindex-url='https://me:pw@pip.corp.example/simple'"
    assert hosts_in(text) == {"npm.corp.example", "10.0.0.5", "pip.corp.example"}
    assert same_host("localhost", ["127.0.0.1"])
    assert same_host("[::1]", ["::1"])
    assert not same_host("127.0.0.2", ["127.0.0.1"])


def test_addresses_that_lock_files_name() -> None:
    lock = {
        "packages": {"": {}, "node_modules/a": {"resolved": "http://10.0.0.1/a.tgz"}, "node_modules/b": {"resolved": "x", "link": True}},
        "dependencies": {"a": {"resolved": "http://10.0.0.2/a.tgz", "dependencies": {"c": {"resolved": "http://10.0.0.3/c.tgz"}}}},
    }
    assert sorted(locked_urls("package-lock.json", json.dumps(lock))) == [f"http://10.0.0.{n}/{p}.tgz" for n, p in enumerate("aac", 1)]
    cargo = 'name = "x"\nsource = "git+https://10.0.0.1/x?rev=1#2"\nsource = "registry+https://index.example/x"\n'
    assert locked_urls("Cargo.lock", cargo) == ("git+https://10.0.0.1/x?rev=1#2",)
    assert locked_urls("build.zig.zon", '.{ .a = .{ .url = "http://10.0.0.1/a.tar.gz" } }') == ("http://10.0.0.1/a.tar.gz",)
    for text in ("[" * 100_000, "[]", '{"packages": 3, "dependencies": [1]}', '{"packages": {"a": 1}}'):
        assert locked_urls("package-lock.json", text) == ()
    assert locked_urls("package.json", json.dumps(lock)) == ()


@pytest.mark.parametrize("host", ["203.0.113.80", "192.0.2.1", "198.51.100.7", "2001:db8::1", "9.9.9.9", "2606:4700::1111"])
def test_addresses_for_documentation_are_public_for_sealed_networks_answer_with_them(host: str) -> None:
    address = address_of(host)
    assert address is not None
    assert is_public(address)
