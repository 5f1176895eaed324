#!/bin/bash
# Installs what the tests need beyond git, make and Go, on Debian: as root or through sudo, and only what is missing, so that a machine
# that has everything needs neither rights nor a network. What it builds or downloads for this project alone goes to .cache/.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.cache/bin
mkdir -p "$bin"

# The Debian packages to install, found missing by what they would bring.
missing=()
command_from() { command -v "$1" >/dev/null || missing+=("${@:2}"); }
file_from() { compgen -G "$1" >/dev/null || missing+=("${@:2}"); }

command_from gcc gcc                                     # the race detector is linked by the C compiler
file_from /usr/include/stdlib.h libc6-dev
command_from chromium chromium                           # the stories' browser
command_from node nodejs
command_from npm npm
file_from '/usr/lib/postgresql/*/bin/initdb' postgresql  # the tests start clusters of their own
command_from xmlsec1 xmlsec1                             # judges of XML signatures and encryption: xmlsec1 ...
file_from '/usr/lib/*/libxmlsec1-openssl.so*' libxmlsec1-openssl
command_from javac default-jdk-headless                  # ... and Apache Santuario
file_from /usr/share/java/xmlsec.jar libxml-security-java
file_from /usr/share/java/bcprov.jar libbcprov-java
file_from /usr/share/java/commons-logging.jar libcommons-logging-java
file_from /usr/sbin/apache2 apache2-bin                   # a judge of OpenID Connect: a web server with a well-known client
file_from /usr/lib/apache2/modules/mod_auth_openidc.so libapache2-mod-auth-openidc
command_from pdftotext poppler-utils                     # judges of letters and receipts
command_from qpdf qpdf
command_from zbarimg zbar-tools
command_from softhsm2-util softhsm2                      # keys in hardware, in software
file_from /usr/sbin/exim4 exim4-daemon-light             # the mail server that the e-mails are handed to
command_from etcd etcd-server                            # PostgreSQL whose primary dies, and what chooses the next one
command_from patroni patroni
command_from mvn maven                                   # fetches veraPDF, the judge of accessible PDF

if [ ${#missing[@]} -gt 0 ]; then
	echo "installing: ${missing[*]}"
	root=()
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || { echo "neither root nor sudo: install these packages by hand" >&2; exit 1; }
		root=(sudo)
	fi
	apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
	"${apt[@]}" update
	"${apt[@]}" install -y --no-install-recommends "${missing[@]}" >.cache/apt.log 2>&1 || { cat .cache/apt.log >&2; exit 1; }
fi

# Playwright wants Node.js 20. Debian 12 has 18: then the npm registry's build of a later one is used, for this project alone.
node_major() { "$1" --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/'; }
if [ "$(node_major node)" -lt 20 ] && [ "$(node_major "$bin/node" || true)" != 22 ]; then
	case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) echo "Node.js 20 or later is needed" >&2; exit 1 ;; esac
	npm install --prefix .cache/node --no-save --no-audit --no-fund --loglevel=error "node-linux-$arch@22.23.3"
	ln -sf "../node/node_modules/node-linux-$arch/bin/node" "$bin/node"
fi

# The browser harness, and the independent clients and servers of our protocols, exactly as locked.
for folder in stories/browser stories/judges internal/courier/smpp/testdata; do
	if ! cmp -s $folder/package-lock.json $folder/node_modules/.installed; then
		(cd $folder && PATH=$bin:$PATH npm ci --no-audit --no-fund --loglevel=error)
		cp $folder/package-lock.json $folder/node_modules/.installed
	fi
done

# veraPDF, and what it needs, from Maven Central: the class path is what the test reads.
if [ ! -s .cache/verapdf.classpath ]; then
	mvn -q -f internal/pdf/testdata/verapdf/pom.xml dependency:build-classpath -Dmdep.outputFile="$PWD/.cache/verapdf.classpath"
fi

go -C tools build -o "$bin/" tool ./testsum
