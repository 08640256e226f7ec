# For NativeAOT's OpenSSL shim, which is compiled in the build: CMake must look for another architecture's compiler and libraries.
# publish.sh sets the two variables.
set(CMAKE_SYSTEM_NAME Linux)
string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR "$ENV{CROSS_TRIPLET}")
set(CMAKE_C_COMPILER "$ENV{CROSS_TRIPLET}-gcc")
set(CMAKE_C_FLAGS_INIT "-isystem $ENV{CROSS_SYSROOT}/usr/include -isystem $ENV{CROSS_SYSROOT}/usr/include/$ENV{CROSS_TRIPLET}")
set(OPENSSL_INCLUDE_DIR "$ENV{CROSS_SYSROOT}/usr/include")
set(OPENSSL_CRYPTO_LIBRARY "$ENV{CROSS_SYSROOT}/usr/lib/$ENV{CROSS_TRIPLET}/libcrypto.a")
# Static archives must follow the archives that need them. Otherwise the shim's checks do not link, and it lacks ALPN (HTTP/2 over TLS).
set(OPENSSL_SSL_LIBRARY "$ENV{CROSS_SYSROOT}/usr/lib/$ENV{CROSS_TRIPLET}/libssl.a;$ENV{CROSS_SYSROOT}/usr/lib/$ENV{CROSS_TRIPLET}/libcrypto.a")
