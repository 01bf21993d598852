# phases.sh: named steps with their times. Needs paths.sh.

phase_names=()
phase_seconds=()

# phase NAME COMMAND...: runs it; the first one that fails ends the script (set -e).
phase() {
  local name=$1 begin=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  "$@"
  phase_names+=("$name")
  phase_seconds+=($((SECONDS - begin)))
}

print_phases() {
  local i
  ((${#phase_names[@]})) || return 0
  printf '\nseconds  phase\n'
  for i in "${!phase_names[@]}"; do
    printf '%7d  %s\n' "${phase_seconds[i]}" "${phase_names[i]}"
  done
  printf '%7d  all\n' "$SECONDS"
}
