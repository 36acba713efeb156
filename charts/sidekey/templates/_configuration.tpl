{{/* Ids of the credentials that rotate, by commas; empty when none does. A provider that can rotate does so unless `rotation: off`,
     which YAML reads as false. Secrets of the static provider are rotated by somebody else. */}}
{{- define "sidekey.rotating" -}}
{{- $v := include "sidekey.values" . | fromJson -}}
{{- $ids := list -}}
{{- range $id, $credential := $v.config.credentials -}}
{{- $off := and (hasKey $credential "rotation") (has (toString $credential.rotation) (list "off" "false")) -}}
{{- if not (or $off (eq $credential.provider "static")) -}}
{{- $ids = append $ids $id -}}
{{- end -}}
{{- end -}}
{{- join ", " $ids -}}
{{- end }}

{{/* Refuses what would lose a secret. */}}
{{- define "sidekey.assertWorkload" -}}
{{- $v := include "sidekey.values" . | fromJson -}}
{{- $ids := include "sidekey.rotating" . -}}
{{- if $ids -}}
{{- $why := printf "%s would rotate, and the store is a directory that only one Sidekey may use: a second one would not see the first one's secrets and would revoke them." $ids -}}
{{- $or := "Or write `rotation: off`, and rotate elsewhere." -}}
{{- if ne (int $v.workload.replicas) 1 -}}
{{- fail (printf "\nsidekey: %s\nSet workload.replicas to 1, not %v. %s" $why $v.workload.replicas $or) -}}
{{- end -}}
{{- if ne $v.workload.strategy "Recreate" -}}
{{- fail (printf "\nsidekey: %s\nSet workload.strategy to Recreate, since %s runs two at once. %s" $why $v.workload.strategy $or) -}}
{{- end -}}
{{- if not $v.persistence.enabled -}}
{{- fail (printf "\nsidekey: %s would rotate, and a rotated secret is known to Sidekey's store alone: on an emptyDir it would be lost with the pod.\nSet persistence.enabled, or persistence.existingClaim with it. %s" $ids $or) -}}
{{- end -}}
{{- if not $v.storeKey.secret -}}
{{- fail (printf "\nsidekey: %s would rotate, and the store is encrypted.\nSet storeKey.secret and storeKey.key, made by: openssl rand -base64 32. %s" $ids $or) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* sidekey.yaml: the chart's defaults under what `config` says. As JSON, which is YAML too: Helm's YAML writes the API key 12e45678
     without quotes, and YAML 1.2 reads a number there. */}}
{{- define "sidekey.configuration" -}}
{{- include "sidekey.assertWorkload" . -}}
{{- $v := include "sidekey.values" . | fromJson -}}
{{- $admin := dict "listen" "0.0.0.0:9901" -}}
{{- if $v.adminToken.secret -}}
{{- $_ := set $admin "tokenFile" "/run/secrets/sidekey/admin-token" -}}
{{- end -}}
{{- $config := dict "proxy" (dict "listen" "127.0.0.1:8080") "admin" $admin -}}
{{- if include "sidekey.rotating" . -}}
{{- $_ := set $config "store" (dict "type" "file" "directory" "/var/lib/sidekey/store" "keyFile" "/run/secrets/sidekey/store-key") -}}
{{- end -}}
{{- toPrettyJson (mustMergeOverwrite $config $v.config) -}}
{{- end }}

{{/* Port of a listener of the configuration: (dict "context" . "listener" "admin"). */}}
{{- define "sidekey.port" -}}
{{- $config := include "sidekey.configuration" .context | fromJson -}}
{{- $listen := (index $config .listener).listen -}}
{{- if hasPrefix "unix:" $listen -}}
{{- fail (printf "\nsidekey: config.%s.listen is a unix socket, which this chart does not mount yet.\nWrite an address with a port." .listener) -}}
{{- end -}}
{{- regexFind "[0-9]+$" $listen -}}
{{- end }}
