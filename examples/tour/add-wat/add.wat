;; Three exported functions that need nothing from their host.
(module
  ;; The sum of two numbers, modulo 2^32.
  (func (export "add") (param $left i32) (param $right i32) (result i32)
    (i32.add (local.get $left) (local.get $right)))

  ;; The greatest common divisor of two unsigned numbers; gcd(0, n) = n.
  (func (export "gcd") (param $a i32) (param $b i32) (result i32)
    (local $rest i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $b)))
        (local.set $rest (i32.rem_u (local.get $a) (local.get $b)))
        (local.set $a (local.get $b))
        (local.set $b (local.get $rest))
        (br $next)))
    (local.get $a))

  ;; The n-th Fibonacci number; traps where it does not fit into 63 bits (n > 92).
  (func (export "fib") (param $n i32) (result i64)
    (local $current i64)
    (local $following i64)
    (local $sum i64)
    (if (i32.gt_u (local.get $n) (i32.const 92))
      (then (unreachable)))
    (local.set $following (i64.const 1))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $sum (i64.add (local.get $current) (local.get $following)))
        (local.set $current (local.get $following))
        (local.set $following (local.get $sum))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next)))
    (local.get $current)))
