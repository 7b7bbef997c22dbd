{{/*
Secrets are made up once, by whoever renders first, and found again by all upgrades.
Within one rendering they are kept in the values, so that checksums tell of the same.
*/}}

{{/* Data of a Secret that the chart makes, base64: (list $ what) */}}
{{- define "kerbside.secret.data" -}}
{{- $root := index . 0 -}}
{{- $what := index . 1 -}}
{{- $all := $root.Values.madeUp | default dict -}}
{{- if not (hasKey $all $what) -}}
{{- $name := printf "%s-%s" (include "kerbside.fullname" $root) $what -}}
{{- $kept := (lookup "v1" "Secret" $root.Release.Namespace $name).data | default dict -}}
{{- $made := include (printf "kerbside.secret.%s" $what) $root | fromYaml -}}
{{- $_ := set $all $what (mergeOverwrite $made $kept) -}}
{{- $_ := set $root.Values "madeUp" $all -}}
{{- end -}}
{{- index $all $what | toYaml -}}
{{- end -}}

{{- define "kerbside.secret.redis" -}}
{{- range $part, $_ := .Values.redis.users }}
{{ $part }}: {{ randAlphaNum 40 | b64enc }}
{{- end }}
{{- end -}}

{{- define "kerbside.secret.flower" -}}
password: {{ randAlphaNum 40 | b64enc }}
{{- end -}}

{{/* 32 bytes in URL-safe base64, as Fernet reads them. */}}
{{- define "kerbside.secret.sealing" -}}
keys: {{ randBytes 32 | replace "+" "-" | replace "/" "_" | b64enc }}
{{- end -}}

{{/*
An ed25519 key and its public half. No function tells the public half of a key, but a
certificate made with it holds it: in DER, the 32 bytes after the algorithm's name and
the head of a bit string.
*/}}
{{- define "kerbside.secret.signing" -}}
{{- $private := genPrivateKey "ed25519" -}}
{{- $certificate := genSelfSignedCertWithKey "kerbside" nil nil 1 $private -}}
{{- $der := $certificate.Cert | replace "-----BEGIN CERTIFICATE-----" "" | replace "-----END CERTIFICATE-----" "" | replace "\n" "" | b64dec -}}
{{- $public := index (splitList "\x06\x03+ep\x03!\x00" $der) 1 | substr 0 32 -}}
signing-key.pem: {{ $private | b64enc }}
trusted-keys: {{ printf "ed25519:%s" ($public | b64enc) | b64enc }}
{{- end -}}

{{/* Name of an object, one that exists or the chart's: (list $ existing what) */}}
{{- define "kerbside.existingOr" -}}
{{- index . 1 | default (printf "%s-%s" (include "kerbside.fullname" (index . 0)) (index . 2)) -}}
{{- end -}}

{{/* Where the password of a user of Redis is: (list $ part) */}}
{{- define "kerbside.redis.password" -}}
{{- $root := index . 0 -}}
{{- $part := index . 1 -}}
{{- $user := index $root.Values.redis.users $part -}}
name: {{ $user.secret | default (include "kerbside.existingOr" (list $root $root.Values.redis.existingSecret "redis")) }}
key: {{ $user.key }}
{{- end -}}
