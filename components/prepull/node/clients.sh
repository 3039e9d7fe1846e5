# The clients of the container runtimes, under one name for each command, and the selection of the socket.

# Both clients list images in one form: a block of lines "Key: value" for each image, as in crictl images --verbose.
DOCKER_BLOCK='{{println "ID:" .Id}}{{range .RepoTags}}{{println "RepoTags:" .}}{{end}}
{{- range .RepoDigests}}{{println "RepoDigests:" .}}{{end}}{{println "Size:" .Size}}'

# The default time limit of crictl, two seconds, is too short for a busy runtime. `bounded` limits the call instead.
crictl_patient() { run crictl --timeout 60s "$@"; }
ctr_images() { run ctr --address "$socket" --namespace k8s.io images "$@"; }

list_crictl() { crictl_patient images --verbose; }
list_docker() {
    run docker image ls --quiet --no-trunc >"$work/ids" || return
    ids=$(sort -u "$work/ids")
    [ -n "$ids" ] || return 0
    # shellcheck disable=SC2086 # a list of image IDs, one argument each
    run docker image inspect --format "$DOCKER_BLOCK" $ids
}

pull_crictl() { crictl_patient pull "$1"; }
pull_docker() { run docker pull --quiet "$1"; }

name_crictl() { ctr_images tag --force "$1" "$2"; }
name_docker() { run docker tag "$1" "$2"; }

# CRI-O's rmi removes the name that it is given, containerd's the whole image. removable.awk knows of cri-dockerd.
unname_crictl() { if [ "$nameless" = untags ]; then crictl_patient rmi "$1"; else ctr_images rm "$1"; fi; }
unname_docker() { run docker rmi "$1"; }

users_crictl() { crictl_patient ps --all --quiet --image "$1"; }
users_docker() { run docker ps --all --quiet --filter "ancestor=$1"; }

# containerd's filter: the names that are IDs of images.
labels_crictl() { ctr_images list 'name~=|^sha[0-9]+:|'; }
label_crictl() { ctr_images label "$1" "$2"; }

delete_crictl() { crictl_patient rmi "$1"; }
delete_docker() { run docker rmi "$1"; }

ask() { # FUNCTION ARGUMENT…: leaves what it prints in two files
    bounded "$PREPULL_CALL_TIMEOUT_MS" "$@" >"$work/answer" 2>"$work/complaint"
}

connect() { # sets client, socket and nameless to the first that answers; lists its images on the way
    problem="no container runtime socket found"
    say "$PREPULL_SOCKETS" >"$work/sockets"
    while read -r client socket nameless; do
        [ -S "$socket" ] || continue
        export CONTAINER_RUNTIME_ENDPOINT="unix://$socket" IMAGE_SERVICE_ENDPOINT="unix://$socket"
        export DOCKER_HOST="unix://$socket" DOCKER_CONFIG="$work/docker"
        inventory && say "using $client on $socket" && return
        leave_if_orphaned
        problem="$socket does not answer: $(reason <"$work/complaint")"
    done <"$work/sockets"
    return 1
}

# A runtime that restarts replaces its socket file, and the mounted file never works again. Only a new container gets
# the new file: exit, so that the kubelet creates one. Write no report, since the state of the images is unknown.
leave_if_orphaned() {
    while read -r _ _ _ root mounted_at _; do
        # Compare only the last part of the path: /var/run may be a link within the container.
        case "$root $mounted_at" in *"//deleted "*"/${socket##*/}") ;; *) continue ;; esac
        say "the runtime has restarted; this container restarts too, to get the new socket" >&2
        stop "$STARTED_ANEW"
    done <"$PREPULL_MOUNTS"
}
