"""Certificates as clusters have them: with and without the extensions that RFC 5280 asks for."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass
class Certified:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    chain: bytes = b""

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM) + self.chain

    @property
    def key_pem(self) -> bytes:
        return self.key_in(serialization.NoEncryption())

    def key_in(self, form: serialization.KeySerializationEncryption) -> bytes:
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, form)

    def write(self, path: Path) -> Path:
        """Write both into a file."""
        path.write_bytes(self.pem + self.key_pem)
        return path

    def issue(self, name: str, *, age: timedelta = DAY, authority: bool = False, chain: bytes = b"") -> Certified:
        """Sign a certificate that is a year minus its age from its end, without any extension that is not needed."""
        key = ec.generate_private_key(ec.SECP256R1())
        return Certified(_signed(name, key, self.certificate.subject, self.key, age, authority=authority), key, chain)


def bare_authority(name: str = "kubernetes") -> Certified:
    """An authority without keyUsage, subjectKeyIdentifier and authorityKeyIdentifier."""
    key = ec.generate_private_key(ec.SECP256R1())
    return Certified(_signed(name, key, _name(name), key, DAY, authority=True), key)


def self_signed(name: str) -> Certified:
    """A server's certificate that nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    return Certified(_signed(name, key, _name(name), key, DAY, authority=False), key)


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    by: ec.EllipticCurvePrivateKey,
    age: timedelta,
    *,
    authority: bool,
) -> x509.Certificate:
    begin = datetime.now(timezone.utc) - age
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + 365 * DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=authority)
    )
    if not authority:
        try:
            alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            alternative = x509.DNSName(name)
        builder = builder.add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
    return builder.sign(by, hashes.SHA256())
