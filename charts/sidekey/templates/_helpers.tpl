{{/* Every helper works in this chart and, as `sidekey.…`, in a chart that depends on it: there the values are below `.Values.sidekey`. */}}

{{- define "sidekey.values" -}}
{{- toJson (ternary .Values.sidekey .Values (hasKey .Values "sidekey")) -}}
{{- end }}

{{- define "sidekey.fullname" -}}
{{- $v := include "sidekey.values" . | fromJson -}}
{{- if $v.fullnameOverride -}}
{{- $v.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default "sidekey" $v.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- $full | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* Labels of this chart's own objects. */}}
{{- define "sidekey.labels" -}}
app.kubernetes.io/name: sidekey
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* The label of each pod that holds Sidekey: PodMonitor and NetworkPolicy select it. */}}
{{- define "sidekey.podLabels" -}}
sidekey.dev/config: {{ include "sidekey.fullname" . }}
{{- end }}

{{/* A changed configuration replaces the pod. */}}
{{- define "sidekey.podAnnotations" -}}
sidekey.dev/config-hash: {{ include "sidekey.configuration" . | sha256sum | trunc 16 }}
{{- end }}

{{- define "sidekey.image" -}}
{{- $v := include "sidekey.values" . | fromJson -}}
{{- if $v.image.digest -}}
{{ $v.image.repository }}@{{ $v.image.digest }}
{{- else -}}
{{- $chart := ternary (dig "sidekey" . (.Subcharts | default dict)) . (hasKey .Values "sidekey") -}}
{{ $v.image.repository }}:{{ $v.image.tag | default $chart.Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "sidekey.claim" -}}
{{- $v := include "sidekey.values" . | fromJson -}}
{{- $v.persistence.existingClaim | default (printf "%s-store" (include "sidekey.fullname" .)) -}}
{{- end }}

{{- define "sidekey.serviceAccount" -}}
{{- $v := include "sidekey.values" . | fromJson -}}
{{- $v.serviceAccount.name | default (ternary (include "sidekey.fullname" .) "default" $v.serviceAccount.create) -}}
{{- end }}

{{/* `replicas` and `strategy` of the Deployment that holds Sidekey. */}}
{{- define "sidekey.workload" -}}
{{- $v := include "sidekey.values" . | fromJson -}}
replicas: {{ $v.workload.replicas }}
strategy:
  type: {{ $v.workload.strategy }}
{{- end }}
