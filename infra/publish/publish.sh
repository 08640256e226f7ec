#!/bin/sh
# publish.sh [options]: publishes the layer zips as layer versions, in every region of one partition, and writes the table of their ARNs.
#
#   --artifacts FOLDER   where `make layer` or `make release` wrote the zips (default artifacts)
#   --architectures A,B  default x86_64,arm64; one whose zip is missing is an error
#   --partition NAME     aws, aws-us-gov, aws-cn or aws-eusc; default: the one of the credentials
#   --regions A,B        only these; default: all of the partition in regions.tsv
#   --name PREFIX        layer names are PREFIX-x86_64 and PREFIX-arm64 (default telemetry-extension)
#   --principal WHO      who may use the layer: an account id, '*' for everybody (default), or 'none'
#   --organization ID    with --principal '*': only this organization
#   --bucket NAME        upload through this S3 bucket; {region} is filled in. Needed for zips over 50 MB
#   --table FILE         where the table of ARNs goes, as Markdown (default: standard output)
#   --dry-run            print what would be done; needs no credentials when --partition is given
#
# It can be run again: a region whose newest version has the same SHA-256 keeps it, and existing permissions are kept.
# Credentials belong to one partition, so each partition needs its own run.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
artifacts=artifacts architectures=x86_64,arm64 partition='' regions='' name=telemetry-extension principal='*' organization='' bucket='' table='' dry_run=false
direct_limit=50000000

fail() { echo "publish.sh: $1" >&2; exit 1; }
say() { echo "$1" >&2; }

while [ $# -gt 0 ]; do
    case $1 in
        --dry-run) dry_run=true; shift; continue ;;
        --help | -h) sed -n '2,/^set -eu/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
        --artifacts | --architectures | --partition | --regions | --name | --principal | --organization | --bucket | --table) ;;
        *) fail "unknown option $1; --help lists them" ;;
    esac
    [ $# -ge 2 ] || fail "$1 needs a value"
    eval "$(echo "${1#--}" | tr - _)=\$2"
    shift 2
done

command -v aws >/dev/null || $dry_run || fail "the aws command is missing"
command -v openssl >/dev/null || fail "openssl is missing"

if [ -z "$partition" ]; then
    identity=$(aws sts get-caller-identity --query Arn --output text) || fail "no valid credentials (aws sts get-caller-identity); with --dry-run name a --partition instead"
    partition=$(echo "$identity" | cut -d: -f2)
fi
known=$(awk -v partition="$partition" '$1 == partition { print $2 }' "$here/regions.tsv")
[ -n "$known" ] || fail "regions.tsv knows no partition $partition"
if [ -n "$regions" ]; then
    regions=$(echo "$regions" | tr , ' ')
    for region in $regions; do
        echo "$known" | grep -qx "$region" || fail "$region is not a region of $partition in regions.tsv"
    done
else
    regions=$known
fi
architectures=$(echo "$architectures" | tr , ' ')
for architecture in $architectures; do
    zip=$artifacts/telemetry-extension-layer-$architecture.zip
    [ -f "$zip" ] || fail "$zip is missing: run make layer ARCHITECTURE=$architecture"
    [ "$(wc -c <"$zip")" -le "$direct_limit" ] || [ -n "$bucket" ] || fail "$zip has over 50 MB: name a --bucket"
done

sha256() { openssl dgst -sha256 -binary "$1" | openssl base64 -A; }

# Prints the newest version as "version ARN" when it has this content, otherwise nothing.
same_version() { # same_version <region> <layer> <sha256>
    newest=$(aws lambda list-layer-versions --region "$1" --layer-name "$2" --max-items 1 --query 'LayerVersions[0].[Version,LayerVersionArn]' --output text) || return 1
    number=$(echo "$newest" | head -n 1 | cut -f1)
    case $number in '' | None) return 0 ;; esac
    content=$(aws lambda get-layer-version --region "$1" --layer-name "$2" --version-number "$number" --query Content.CodeSha256 --output text) || return 1
    if [ "$content" = "$3" ]; then echo "$newest" | head -n 1; fi
}

publish_version() { # publish_version <region> <layer> <architecture> <zip>
    set -- "$@" "$(echo "$bucket" | sed "s/{region}/$1/")"
    if [ -n "$5" ]; then
        key=$2/$(openssl dgst -sha256 -r "$4" | cut -c 1-64).zip
        aws s3api put-object --region "$1" --bucket "$5" --key "$key" --body "$4" >/dev/null || return 1
        set -- "$@" --content "S3Bucket=$5,S3Key=$key"
    else
        set -- "$@" --zip-file "fileb://$4"
    fi
    aws lambda publish-layer-version --region "$1" --layer-name "$2" --license-info Apache-2.0 \
        --description "Sends traces, logs and metrics of every invocation to an OTLP backend" \
        --compatible-architectures "$3" "$6" "$7" --query '[Version,LayerVersionArn]' --output text
}

# A version without a policy answers ResourceNotFoundException.
allow() { # allow <region> <layer> <version>
    aws lambda get-layer-version-policy --region "$1" --layer-name "$2" --version-number "$3" --query Policy --output text 2>/dev/null |
        grep -q '"use-layer"' && return 0
    if [ -n "$organization" ]; then set -- "$@" --organization-id "$organization"; fi
    aws lambda add-layer-version-permission --region "$1" --layer-name "$2" --version-number "$3" --statement-id use-layer \
        --action lambda:GetLayerVersion --principal "$principal" ${4:+"$4" "$5"} >/dev/null
}

rows='' failed=0
for region in $regions; do
    arns=
    for architecture in $architectures; do
        layer=$name-$architecture zip=$artifacts/telemetry-extension-layer-$architecture.zip
        if $dry_run; then
            say "would publish $layer in $region: $(basename "$zip"), sha256 $(sha256 "$zip")${bucket:+, through s3://$(echo "$bucket" | sed "s/{region}/$region/")}, for $principal${organization:+ of $organization}"
            arns="$arns | \`arn:$partition:lambda:$region:ACCOUNT:layer:$layer:VERSION\`"
            continue
        fi
        if version=$(same_version "$region" "$layer" "$(sha256 "$zip")"); then
            if [ -n "$version" ]; then
                done=kept
            else
                done=published
                version=$(publish_version "$region" "$layer" "$architecture" "$zip") || version=
            fi
        else
            version=
        fi
        number=$(echo "$version" | cut -f1) arn=$(echo "$version" | cut -f2)
        if [ -z "$version" ] || { [ "$principal" != none ] && ! allow "$region" "$layer" "$number"; }; then
            say "FAILED $layer in $region"
            failed=$((failed + 1)) arns="$arns | failed"
            continue
        fi
        say "$done $arn"
        arns="$arns | \`$arn\`"
    done
    rows="$rows| $region$arns |
"
done

write_table() {
    echo "| region$(for architecture in $architectures; do printf ' | %s' "$architecture"; done) |"
    echo "|---$(for architecture in $architectures; do printf '|---'; done)|"
    printf '%s' "$rows"
}
# Do not write through /dev/stdout, which would truncate a file that standard output is redirected to.
if [ -n "$table" ]; then write_table >"$table"; else write_table; fi
[ "$failed" = 0 ] || fail "$failed of them failed; run it again when the reason is mended"
