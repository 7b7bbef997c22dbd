{{/* Rules of network policies, each for the list `egress` or `ingress`. */}}

{{/* Names are asked for anywhere: some clusters answer on the node itself. */}}
{{- define "kerbside.networks.dns" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end -}}

{{- define "kerbside.networks.redis" -}}
- ports:
    {{- range include "kerbside.redis.ports" . | fromJsonArray }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
  {{- if .Values.redis.bundled }}
  to:
    - podSelector:
        matchLabels: {{- include "kerbside.selector" (list . "redis") | nindent 10 }}
  {{- else }}{{ with .Values.networkPolicy.redisTo }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}{{ end }}
{{- end -}}

{{- define "kerbside.networks.archive" -}}
{{- if .Values.archive.existingSecret }}
- ports:
    - {port: {{ .Values.archive.port }}, protocol: TCP}
  {{- with .Values.networkPolicy.archiveTo }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Of models or, for who may, of batches: (list $ may) */}}
{{- define "kerbside.networks.store" -}}
{{- $root := index . 0 -}}
{{- $may := index . 1 -}}
{{- if or (and $may.store $root.Values.models.url) (and $may.batches $root.Values.batches.url) }}
- ports:
    - {port: 443, protocol: TCP}
  to:
    {{- with $root.Values.networkPolicy.storeTo }}
    {{- toYaml . | nindent 4 }}
    {{- else }}
    {{- include "kerbside.networks.public" $root | nindent 4 }}
    {{- end }}
{{- end }}
{{- end -}}

{{/* Ports that webhooks may go to, as the setting names them: (list $ lane) */}}
{{- define "kerbside.networks.webhooks" -}}
{{- $root := index . 0 -}}
{{- $settings := merge (deepCopy (index . 1).settings) $root.Values.settings -}}
- ports:
    {{- range regexFindAll "[0-9]+" (toString ($settings.KERBSIDE_WEBHOOK_PORTS | default "443 8443")) -1 }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
  to:
    {{- include "kerbside.networks.public" $root | nindent 4 }}
    {{- range $root.Values.networkPolicy.webhookNetworks }}
    - ipBlock: {cidr: {{ . }}}
    {{- end }}
{{- end -}}

{{/* All addresses but private ones, those of neither kind, and those of metadata. */}}
{{- define "kerbside.networks.public" -}}
- ipBlock:
    cidr: 0.0.0.0/0
    except:
      - 0.0.0.0/8
      - 10.0.0.0/8
      - 100.64.0.0/10
      - 127.0.0.0/8
      - 168.63.129.16/32
      - 169.254.0.0/16
      - 172.16.0.0/12
      - 192.0.0.0/24
      - 192.88.99.0/24
      - 192.168.0.0/16
      - 198.18.0.0/15
      - 224.0.0.0/3
- ipBlock:
    cidr: 2000::/3
    except:
      - 2001::/23
      - 2001:db8::/32
      - 2002::/16
      - 3fff::/20
{{- end -}}

{{- define "kerbside.networks.keda" -}}
- namespaceSelector:
    matchLabels: {kubernetes.io/metadata.name: {{ .Values.keda.namespace }}}
{{- end -}}

{{/* The triggers that lanes have, each once, as a list. */}}
{{- define "kerbside.networks.triggers" -}}
{{- $used := dict -}}
{{- range include "kerbside.lanes" . | fromYaml -}}
{{- if eq .autoscaling.mode "keda" }}{{ $_ := set $used .autoscaling.triggers true }}{{ end -}}
{{- end -}}
{{- keys $used | toJson -}}
{{- end -}}
